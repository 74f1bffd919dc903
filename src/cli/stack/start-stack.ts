import { randomBytes } from 'node:crypto'
import { freePort } from '../../embedded/free-port.js'
import { startPostgres } from '../../embedded/postgres.js'
import { startProgram, type RunningProgram } from '../../embedded/start-program.js'
import { startTemporalServer } from '../../embedded/temporal-server.js'
import { migrate } from '../../ledger/migrate.js'

/** How to run the stack. */
export interface StackOptions {
  /** Serve Temporal's web UI. */
  readonly ui: boolean
  /** Options of the stand-ins, over those that the stack needs. */
  readonly dynamics?: Readonly<Record<string, unknown>>
  readonly emarketeer?: Readonly<Record<string, unknown>>
  /** Told in one line what is being started. */
  readonly note?: (line: string) => void
  /** Told what the processes log. */
  readonly onLog?: (chunk: string) => void
}

/** Where everything of a running stack is. */
export interface StackPlaces {
  readonly temporalAddress: string
  readonly temporalUiUrl: string | null
  readonly databaseUrl: string
  readonly gatewayUrl: string
  readonly emarketeer: StandIn
  readonly dynamics: StandIn
}

/** A stand-in's addresses: what it stands in for, and its control API. */
export interface StandIn {
  readonly url: string
  readonly controlUrl: string
}

/** A running stack. */
export interface Stack {
  readonly places: StackPlaces
  /** Environment for commands against this stack. */
  readonly env: Readonly<Record<string, string>>
  readonly gatewayApiKey: string
  /** Ends the workers (by SIGKILL where `kill`) and starts new ones. */
  restartWorker(kill: boolean): Promise<void>
  workerPid(): number
  /** Ends everything, last first. */
  stop(): Promise<void>
}

/** The account that the stack's eMarketeer has. */
export const DEMO_ACCOUNT = { accountId: '1001', name: 'Nordic Demo AB' } as const

/** The tenant, application and secret that the stack's Dynamics knows. */
export const DEMO_DYNAMICS = {
  tenantId: '5f1c1d5e-6d4f-4a58-9a0e-5b7f3f1f2c11',
  clientId: '0f8c1a52-7e0b-4d7f-9c55-1f2d3c4b5a69',
  secret: 'simulator-secret',
} as const

const EMARKETEER_SERVICE_KEY = 'service-key'

interface Ready {
  readonly url: string
  readonly controlUrl: string
}

/**
 * The whole product on this machine: a real Temporal server, a real PostgreSQL, the gateway and a worker, and stand-ins
 * for eMarketeer and Dynamics, each a process of its own. All on 127.0.0.1, all ended together, also when we die.
 *
 * @throws ProvisionError where a server cannot be had; it says which ways there are.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const end of stops.reverse()) {
      await end().catch(() => undefined)
    }
  }
  const keep = <T extends { stop(): Promise<void> }>(started: T): T => {
    stops.push(() => started.stop())
    return started
  }
  try {
    return await start(options, keep, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  options: StackOptions,
  keep: <T extends { stop(): Promise<void> }>(started: T) => T,
  stop: () => Promise<void>,
): Promise<Stack> {
  const note = options.note ?? (() => undefined)
  note('starting PostgreSQL, Temporal and the stand-ins')
  const [postgres, temporal, emarketeer, dynamics] = await Promise.all([
    startPostgres({ note }).then(keep),
    startTemporalServer({ ui: options.ui, note }).then(keep),
    startStandIn('simulators/emarketeer/main.ts', {
      accounts: [{ ...DEMO_ACCOUNT, publicApiKey: 'public-1001', categories: DEMO_CATEGORIES }],
      serviceKey: EMARKETEER_SERVICE_KEY,
      ...options.emarketeer,
    }).then(keep),
    startStandIn('simulators/dynamics/main.ts', {
      allowAnyWebhookPort: true,
      ...options.dynamics,
    }).then(keep),
  ])
  await migrate(postgres.url)
  const port = await freePort()
  const gatewayUrl = `http://127.0.0.1:${port}`
  const gatewayApiKey = randomBytes(32).toString('base64url')
  const env = {
    TEMPORAL_ADDRESS: temporal.address,
    DATABASE_URL: postgres.url,
    EMARKETEER_SYNC_URL: emarketeer.ready.url,
    EMARKETEER_CONNECT_URL: emarketeer.ready.url,
    EMARKETEER_API_KEY: EMARKETEER_SERVICE_KEY,
    PUBLIC_URL: gatewayUrl,
    GATEWAY_API_KEY: gatewayApiKey,
    ALLOW_LOOPBACK_HTTP: 'true',
    ACME_SECRET: DEMO_DYNAMICS.secret,
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info',
  }
  const run = (...args: string[]) =>
    startProgram<object>({
      entry: 'bin/lbsync.mjs',
      args: [...args, '--json'],
      env,
      readyTimeoutMs: 60_000,
      ...(options.onLog ? { onStderr: options.onLog } : {}),
    })
  note('starting the gateway and a worker')
  keep(await run('gateway', '--port', String(port)))
  let worker = await run('worker')
  keep({ stop: () => worker.stop() })
  return {
    env,
    gatewayApiKey,
    places: {
      temporalAddress: temporal.address,
      temporalUiUrl: temporal.uiUrl,
      databaseUrl: postgres.url,
      gatewayUrl,
      emarketeer: emarketeer.ready,
      dynamics: dynamics.ready,
    },
    workerPid: () => worker.pid,
    async restartWorker(kill) {
      if (kill) {
        process.kill(worker.pid, 'SIGKILL')
        await worker.exited
      } else {
        await worker.stop()
      }
      worker = await run('worker')
    },
    stop,
  }
}

const DEMO_CATEGORIES = [
  { id: 'c1', name: 'Newsletters' },
  { id: 'c2', name: 'Event invitations' },
]

function startStandIn(
  entry: string,
  options: Readonly<Record<string, unknown>>,
): Promise<RunningProgram<Ready>> {
  return startProgram<Ready>({
    entry,
    args: ['--port', '0', '--options', JSON.stringify(options)],
  })
}
