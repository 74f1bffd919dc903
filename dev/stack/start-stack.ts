import { randomBytes } from 'node:crypto'
import { connectTemporal } from '../../src/config/temporal/temporal.js'
import { freePort } from '../embedded/start-program.js'
import { startPostgres } from '../embedded/postgres.js'
import { startTemporalServer } from '../embedded/temporal-server.js'
import { dropLogin, uniqueLogin, urlOf, migrate } from '../../src/ledger/db/migrate.js'
import type { AppError } from '../../src/contracts/app-error.js'
import { untilAborted } from '../../src/http/index.js'
import { secretVariables, emarketeerAccounts } from './connection-files.js'
import { childEnvironment, ownEnvironment } from './own-environment.js'
import {
  Parts,
  startStandIn,
  startSuperOffice,
  type StandIn,
  type SuperOfficePair,
} from './stand-ins.js'

export { DEMO_ACCOUNT, DEMO_DYNAMICS } from './connection-files.js'

export interface StackOptions {
  readonly ui: boolean
  /** Options of the stand-ins. They override those of the stack. */
  readonly dynamics?: Readonly<Record<string, unknown>>
  readonly emarketeer?: Readonly<Record<string, unknown>>
  /** Whether to start SuperOffice too, Online and on site. The stack is ready sooner without it. */
  readonly superOffice?: boolean
  /** An abort ends what was started, and the start fails with its reason. */
  readonly signal?: AbortSignal
  /** Called with one line on what is started. */
  readonly note?: (line: string) => void
  readonly onLog?: (chunk: string) => void
}

/** Addresses and paths of a running stack. */
export interface StackPlaces {
  readonly temporalAddress: string
  readonly temporalUiUrl: string | null
  /** Path of the Temporal command line that fits the server; null: a server was given. */
  readonly temporalCli: string | null
  /** With a login that may use the ledger, as in production. */
  readonly databaseUrl: string
  readonly ownerDatabaseUrl: string
  readonly gatewayUrl: string
  readonly emarketeer: StandIn
  readonly dynamics: StandIn
  /** null: it was not requested. */
  readonly superOffice: SuperOfficePair | null
}

export interface Stack {
  readonly places: StackPlaces
  /** Environment for commands against this stack. */
  readonly env: Readonly<Record<string, string>>
  /** The shell's variables for other installations, which such commands must not use. */
  readonly foreign: readonly string[]
  readonly gatewayApiKey: string
  /** Ends the workers (with `kill` by SIGKILL) and starts new ones. */
  restartWorker(kill: boolean): Promise<void>
  workerPid(): number
  /** Resolves with AppError `stack_part_ended` for the first part that ends by itself. */
  readonly partEnded: Promise<AppError>
  stop(): Promise<void>
}

const EMARKETEER_SERVICE_KEY = 'service-key'
const WORKER = 'The worker'

/**
 * The complete product on this machine: a real Temporal server, a real PostgreSQL, the gateway and a worker, and
 * stand-ins for eMarketeer and the CRMs, each a process of its own. All are on 127.0.0.1, and all end together, also
 * when we die.
 * @throws AppError `not_provisioned`, with the remedies, if a server is not available; `stack_part_ended` if a part
 * ends while others start; `temporal_unreachable` or an error of the database if a given server does not answer.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const parts = new Parts()
  try {
    const ended = parts.partEnded.then((error) => Promise.reject(error))
    return await Promise.race([untilAborted(start(options, parts), options.signal), ended])
  } catch (error) {
    await parts.stop()
    throw error
  }
}

async function start(options: StackOptions, parts: Parts): Promise<Stack> {
  const note = options.note ?? (() => undefined)
  if ((process.env['TEMPORAL_ADDRESS'] ?? '') !== '') {
    // Checked before anything that needs it is started.
    await (await connectTemporal()).connection.close()
  }
  note('starting PostgreSQL, Temporal and the stand-ins')
  const [postgres, temporal, emarketeer, dynamics, superOffice] = await Promise.all([
    startPostgres({ note }).then((started) => parts.keep('PostgreSQL', started)),
    startTemporalServer({ ui: options.ui, note }).then((started) =>
      parts.keep('Temporal', started),
    ),
    startStandIn(parts, 'simulators/emarketeer/main.ts', {
      accounts: emarketeerAccounts(),
      serviceKey: EMARKETEER_SERVICE_KEY,
      ...options.emarketeer,
    }),
    startStandIn(parts, 'simulators/dynamics/main.ts', {
      allowAnyWebhookPort: true,
      ...options.dynamics,
    }),
    options.superOffice === true ? startSuperOffice(parts) : null,
  ])
  const login = uniqueLogin('dev')
  await migrate(postgres.url, [login])
  // A given server outlives us.
  parts.keep('A login', { stop: () => dropLogin(postgres.url, login) })
  const databaseUrl = urlOf(postgres.url, login)
  const port = await freePort()
  const gatewayUrl = `http://127.0.0.1:${port}`
  const gatewayApiKey = randomBytes(32).toString('base64url')
  const stackSays = {
    TEMPORAL_ADDRESS: temporal.address,
    DATABASE_URL: databaseUrl,
    EMARKETEER_SYNC_URL: emarketeer.ready.url,
    EMARKETEER_CONNECT_URL: emarketeer.ready.url,
    EMARKETEER_API_KEY: EMARKETEER_SERVICE_KEY,
    PUBLIC_URL: gatewayUrl,
    GATEWAY_API_KEY: gatewayApiKey,
    SECRETS_KEY: randomBytes(32).toString('base64url'),
    ALLOW_LOOPBACK_HTTP: 'true',
    ...secretVariables(superOffice),
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info',
  }
  const own = ownEnvironment(stackSays, process.env)
  const command = (name: string, ...args: string[]) => ({
    name,
    entry: 'bin/lbsync.mjs',
    args: [...args, '--json'],
    env: childEnvironment(own),
    readyTimeoutMs: 180_000,
    ...(options.onLog ? { onStderr: options.onLog } : {}),
  })
  let restarting = false
  const startWorker = async () => {
    const started = await parts.run<object>(command(WORKER, 'worker'))
    parts.watch(WORKER, started, () => restarting)
    return started
  }
  note('starting the gateway and a worker')
  const [, first] = await Promise.all([
    parts.start(command('The gateway', 'gateway', '--port', String(port))),
    startWorker(),
  ])
  let worker = first
  parts.keep(WORKER, { stop: () => worker.stop() })
  return {
    ...own,
    gatewayApiKey,
    places: {
      temporalAddress: temporal.address,
      temporalUiUrl: temporal.uiUrl,
      temporalCli: temporal.cli,
      databaseUrl,
      ownerDatabaseUrl: postgres.url,
      gatewayUrl,
      emarketeer: emarketeer.ready,
      dynamics: dynamics.ready,
      superOffice,
    },
    workerPid: () => worker.pid,
    partEnded: parts.partEnded,
    async restartWorker(kill) {
      restarting = true
      if (kill) {
        process.kill(worker.pid, 'SIGKILL')
        await worker.exited
      } else {
        await worker.stop()
      }
      restarting = false
      worker = await startWorker()
    },
    stop: () => parts.stop(),
  }
}
