import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { emarketeerAccounts } from '../../dev/stack/connection-files.js'
import type { StandIn } from '../../dev/stack/stand-ins.js'
import { startPostgres } from '../../dev/embedded/postgres.js'
import { startProgram, freePort } from '../../dev/embedded/start-program.js'
import { startTemporalServer } from '../../dev/embedded/temporal-server.js'
import { dropLogin, uniqueLogin, urlOf, migrate } from '../../src/ledger/db/migrate.js'
import { benchControl, type BenchControl } from './bench-control.js'
import type { CrmPlace, ReadyCrm } from './crm-place.js'

/** Registers something that must be stopped. */
type Keep = <T extends { stop(): Promise<void> }>(started: T) => T

/** The complete product with one CRM; every stand-in logs its requests. */
export interface World {
  readonly env: Readonly<Record<string, string>>
  readonly gatewayUrl: string
  readonly gatewayApiKey: string
  readonly workerPid: number
  /** The file into which a profiled worker writes its profile (profile-on-signal.mjs). */
  readonly workerProfile: string
  /** Folder of its files; removed at its end. */
  readonly directory: string
  /** For a user who may read `pg_stat_statements`. */
  readonly databaseUrl: string
  readonly emarketeerUrl: string
  readonly emarketeerKey: string
  readonly crmUrl: string
  readonly emarketeer: BenchControl
  readonly crm: BenchControl
  /** Files that record/request-log.ts reads. */
  readonly logs: { readonly emarketeer: string; readonly crm: string }
  readonly connectionId: string
  readonly connectionFile: string
  readonly caPem: string | null
  stop(): Promise<void>
}

const SERVICE_KEY = 'service-key'

/** Makes PostgreSQL measure the time of each statement. */
const STATEMENTS = ['shared_preload_libraries=pg_stat_statements']

/**
 * Starts it as `lbsync dev` does (dev/stack), but runs stand-ins through stand-in.ts, and of the CRMs only the measured
 * one. @throws ProvisionError if a server cannot be installed or started.
 */
export async function startWorld(
  place: CrmPlace,
  profiled: boolean,
  note: (line: string) => void,
): Promise<World> {
  const stops: (() => Promise<void>)[] = []
  let stopping = false
  const stop = async () => {
    stopping = true
    for (const end of stops.reverse()) {
      await end().catch(() => undefined)
    }
  }
  const keep: Keep = (started) => {
    stops.push(() => started.stop())
    return started
  }
  const directory = await mkdtemp(join(tmpdir(), 'lbsync-bench-'))
  stops.push(() => rm(directory, { recursive: true, force: true }))
  try {
    return { ...(await start(place, profiled, directory, keep, () => stopping, note)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  place: CrmPlace,
  profiled: boolean,
  directory: string,
  keep: Keep,
  isStopping: () => boolean,
  note: (line: string) => void,
): Promise<Omit<World, 'stop'>> {
  const logs = {
    emarketeer: join(directory, 'emarketeer.ndjson'),
    crm: join(directory, 'crm.ndjson'),
  }
  const [postgres, temporal, emarketeer, crm] = await Promise.all([
    startPostgres({ note, ...(profiled ? { settings: STATEMENTS } : {}) }).then(keep),
    startTemporalServer({ ui: false, note }).then(keep),
    startStandIn<StandIn>('emarketeer', logs.emarketeer, {
      accounts: emarketeerAccounts(),
      serviceKey: SERVICE_KEY,
    }).then(keep),
    place
      .options()
      .then((options) => startStandIn<ReadyCrm>(place.standIn, logs.crm, options))
      .then(keep),
  ])
  const login = uniqueLogin('bench')
  await migrate(postgres.url, [login])
  keep({ stop: () => dropLogin(postgres.url, login) })
  const { file, secrets, caPem } = place.connection(crm.ready)
  const connectionFile = join(directory, 'connection.json')
  await writeFile(connectionFile, JSON.stringify(file))
  const port = await freePort()
  const gatewayUrl = `http://127.0.0.1:${port}`
  const gatewayApiKey = randomBytes(32).toString('base64url')
  const env = {
    TEMPORAL_ADDRESS: temporal.address,
    DATABASE_URL: urlOf(postgres.url, login),
    EMARKETEER_SYNC_URL: emarketeer.ready.url,
    EMARKETEER_CONNECT_URL: emarketeer.ready.url,
    EMARKETEER_API_KEY: SERVICE_KEY,
    PUBLIC_URL: gatewayUrl,
    GATEWAY_API_KEY: gatewayApiKey,
    SECRETS_KEY: randomBytes(32).toString('base64url'),
    ALLOW_LOOPBACK_HTTP: 'true',
    LOG_LEVEL: 'warn',
    ...secrets,
  }
  const workerProfile = join(directory, 'worker.cpuprofile')
  const preload = new URL('../profile-on-signal.mjs', import.meta.url).href
  const watched = profiled
    ? { NODE_OPTIONS: `--import=${preload}`, BENCH_CPU_PROFILE: workerProfile }
    : {}
  const run = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    startProgram({
      entry: 'bin/lbsync.mjs',
      args: [...args, '--json'],
      env: { ...env, ...more },
      readyTimeoutMs: 180_000,
    })
  const [, worker] = await Promise.all([
    run(['gateway', '--port', String(port)]).then(keep),
    run(['worker'], watched).then(keep),
  ])
  void worker.exited.then((code) => {
    if (!isStopping()) {
      process.stderr.write(`The worker ended (${code}):\n${worker.stderr()}\n`)
      // Nobody would work off what the bench awaits. Its programs end with it.
      process.exit(2)
    }
  })
  return {
    env,
    gatewayUrl,
    gatewayApiKey,
    workerPid: worker.pid,
    workerProfile,
    directory,
    databaseUrl: postgres.url,
    emarketeerUrl: emarketeer.ready.url,
    emarketeerKey: SERVICE_KEY,
    crmUrl: crm.ready.url,
    emarketeer: benchControl(emarketeer.ready.controlUrl),
    crm: benchControl(crm.ready.controlUrl),
    logs,
    connectionId: file.connectionId,
    connectionFile,
    caPem,
  }
}

function startStandIn<Ready>(name: string, log: string, options: unknown) {
  return startProgram<Ready>({
    entry: 'bench/stand-in.ts',
    args: ['--port', '0', '--options', JSON.stringify(options)],
    env: { BENCH_STAND_IN: name, BENCH_REQUEST_LOG: log },
    readyTimeoutMs: 180_000,
  })
}
