import { requireSchema } from '../ledger/db/look-at-schema.js'
import { once } from 'node:events'
import { readEnvironment } from '../config/environment/environment.js'
import { connectTemporal } from '../config/temporal/temporal.js'
import { AppError } from '../contracts/app-error.js'
import type { ErrorCode } from '../contracts/error-catalogue.js'
import { createGateway, listen } from '../gateway/server.js'
import { lazyTemporal } from '../gateway/temporal-access.js'
import { logger } from '../telemetry/logger.js'
import { composeSystems } from '../workers/compose-systems.js'
import { warnOfOpenConnections } from '../config/open-connections.js'

/** Where the gateway listens, and until when. */
export interface GatewayRun {
  /** GATEWAY_PORT if absent. */
  readonly port: number | undefined
  readonly host: string
  readonly signal: AbortSignal
}

/**
 * Runs the gateway until the signal aborts. Then it answers open requests and closes everything.
 * @throws AppError `environment_invalid`; `value_invalid` if it cannot listen there; `database_…` if the database
 * refuses it, is not migrated, or its login is unfit; `ledger_keys_differ`.
 */
export async function runGateway(
  { port, host, signal }: GatewayRun,
  onReady: (url: string) => Promise<unknown>,
): Promise<void> {
  // Everything it needs, so that one error names everything missing.
  const { gateway } = readEnvironment(['gateway', 'database', 'emarketeer', 'secrets'])
  const composed = composeSystems()
  const temporal = lazyTemporal(() => connectTemporal())
  const app = createGateway({
    systems: composed.systems,
    db: composed.db,
    vault: composed.vault,
    temporal,
    apiKey: gateway.apiKey,
    trustedProxies: gateway.trustedProxies,
    log: logger('gateway'),
  })
  try {
    await requireSchema(composed.db).catch(unlessTried)
    warnOfOpenConnections()
    const at = { port: port ?? gateway.port, host }
    const url = await listen(app, at).catch((error: NodeJS.ErrnoException) =>
      refuseToListen(error, port, at),
    )
    await onReady(url)
    if (!signal.aborted) {
      await once(signal, 'abort')
    }
  } finally {
    await app.close()
    await temporal.close()
    await composed.close()
  }
}

/**
 * Ignores an unreachable database, which comes back; webhooks get 503 until then. Throws a fault that a person has to
 * repair.
 */
function unlessTried(error: unknown): void {
  if (!(error instanceof AppError) || !MAY_COME_BACK.has(error.code)) {
    throw error
  }
}

const MAY_COME_BACK: ReadonlySet<ErrorCode> = new Set([
  'database_unreachable',
  'database_busy',
  'database_too_many_connections',
])

/** The error for an address that cannot be listened at; its path names the option or variable with the wrong value. */
function refuseToListen(
  error: NodeJS.ErrnoException,
  given: number | undefined,
  at: ListenAt,
): never {
  const ofHost = error.syscall === 'getaddrinfo' || error.code === 'EADDRNOTAVAIL'
  const path = ofHost ? '--host' : given === undefined ? 'GATEWAY_PORT' : '--port'
  const remedy =
    error.code === 'EADDRINUSE'
      ? ' Another process listens there: stop it, or choose another port.'
      : ''
  throw new AppError(
    'value_invalid',
    `The gateway cannot listen at ${at.host}, port ${at.port} (${error.code ?? error.name}).${remedy}`,
    { path, value: String(ofHost ? at.host : at.port), cause: error },
  )
}

interface ListenAt {
  readonly host: string
  readonly port: number
}
