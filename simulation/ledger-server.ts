import { chmod, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import type pg from 'pg'
import { migrate } from '../src/ledger/db/migrate.js'
import { startPostgres, type PostgresServer } from '../dev/embedded/postgres.js'
import { ownDirectory } from '../src/checkout.js'
import { connected } from './connection.js'
import { SimulatedLedger } from './ledger.js'
import type { Scheduler } from './scheduler.js'

/**
 * Longer than any run. The simulation detects deadlocks itself, because the server's own detection depends on real
 * time.
 */
const NEVER = '1h'

/** Turn off whatever the server does by real time. */
const SETTINGS = [
  `deadlock_timeout = '${NEVER}'`,
  'autovacuum = off',
  'jit = off',
  'max_parallel_workers_per_gather = 0',
  'synchronize_seqscans = off',
  'plan_cache_mode = force_generic_plan',
  'track_counts = off',
]

/** A server with a ledger's schema to copy. */
export class LedgerServer {
  private constructor(
    private readonly server: PostgresServer,
    private readonly admin: pg.Client,
    private readonly template: string,
    private readonly socketDir: string,
  ) {}

  static async start(): Promise<LedgerServer> {
    // A statement over a socket of the file system costs half as much as one over TCP.
    const socketDir = await ownDirectory(tmpdir(), 'lbsync-simulation')
    await chmod(socketDir, 0o777)
    const started = await startPostgres({ settings: [`unix_socket_directories=${socketDir}`] })
    const server = { ...started, url: overSocket(started.url, socketDir) }
    const template = `simulation_${process.pid}`
    const admin = await connected(server.url)
    for (const setting of SETTINGS) {
      await admin.query(`ALTER SYSTEM SET ${setting}`)
    }
    await admin.query('SELECT pg_reload_conf()')
    await admin.query(`CREATE DATABASE ${template}`)
    const url = databaseUrl(server.url, template)
    await migrate(databaseUrl(started.url, template), [])
    const owner = await connected(url)
    await owner.query(VIRTUAL_CLOCK)
    const { rows } = await owner.query<{ change: string }>(DEFAULTS_BY_CLOCK)
    for (const { change } of rows) {
      await owner.query(change)
    }
    await owner.end()
    return new LedgerServer(server, admin, template, socketDir)
  }

  /** Creates a fresh ledger. */
  async open(name: string, scheduler: Scheduler): Promise<SimulatedLedger> {
    await this.admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await this.admin.query(`CREATE DATABASE ${name} TEMPLATE ${this.template}`)
    return new SimulatedLedger(databaseUrl(this.server.url, name), this.admin, name, scheduler)
  }

  async stop(): Promise<void> {
    await this.admin.end()
    await this.server.stop()
    await rm(this.socketDir, { recursive: true, force: true })
  }
}

/** The seed's time for statements: it replaces `now()` and similar functions, also in column defaults. */
const VIRTUAL_CLOCK = `
  CREATE FUNCTION simulated_now() RETURNS timestamptz LANGUAGE sql STABLE AS
    $$ SELECT to_timestamp(current_setting('simulation.ms')::float8 / 1000) $$;
  GRANT EXECUTE ON FUNCTION simulated_now() TO PUBLIC`

const DEFAULTS_BY_CLOCK = `
  SELECT format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT simulated_now()', d.adrelid::regclass, a.attname) AS change
    FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE pg_get_expr(d.adbin, d.adrelid) ~ '(now|clock_timestamp)\\(\\)'`

/** A given server is reached as its URL says. */
function overSocket(serverUrl: string, dir: string): string {
  const url = new URL(serverUrl)
  if (process.env['DATABASE_URL'] !== serverUrl) {
    url.searchParams.set('host', dir)
  }
  return url.href
}

function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${database}`
  return url.href
}
