import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { probeDatabase, type Queryable } from '../ledger/db/database.js'
import { LIMITS } from './limits.js'
import { keptFor } from './shared-reading.js'
import { callTemporal, type GatewayTemporal, type TemporalAccess } from './temporal-access.js'

interface PackageFile {
  readonly name: string
  readonly version: string
}

/** Whether what the gateway needs answers. */
interface Readiness {
  readonly ready: boolean
  readonly database: 'up' | 'down'
  readonly temporal: 'up' | 'down'
}

/**
 * `/healthz`: the process lives; set-up reads it through PUBLIC_URL to prove that webhooks will arrive (E2).
 * `/readyz`: 503 unless database and Temporal answered within the last second, and Temporal knows the namespace, whoever asks how often. `/version`: what runs.
 */
export function healthRoutes(app: FastifyInstance, db: Queryable, temporal: TemporalAccess): void {
  const version = readVersion()
  app.get('/healthz', () => ({ status: 'ok', service: version.name }))
  app.get('/version', () => version)
  const readiness = keptFor(LIMITS.readinessMs, () => readReadiness(db, temporal))
  app.get('/readyz', async (_request, reply) => {
    const found = await readiness()
    return reply.code(found.ready ? 200 : 503).send(found)
  })
}

async function readReadiness(db: Queryable, temporal: TemporalAccess): Promise<Readiness> {
  const [database, server] = await Promise.all([
    upOrDown(probeDatabase(db, 'anyTables')),
    upOrDown(callTemporal(temporal, knowsOurNamespace)),
  ])
  return { ready: database === 'up' && server === 'up', database, temporal: server }
}

/** A server that answers and does not know the namespace takes no signal. */
function knowsOurNamespace({ workflowService, options }: GatewayTemporal): Promise<unknown> {
  return workflowService.describeNamespace({ namespace: options.namespace })
}

function upOrDown(proof: Promise<unknown>): Promise<'up' | 'down'> {
  return proof.then(
    () => 'up',
    () => 'down',
  )
}

/** From the package file beside `src` (or `dist`). */
function readVersion(): PackageFile {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { name, version } = JSON.parse(text) as PackageFile
  return { name, version }
}
