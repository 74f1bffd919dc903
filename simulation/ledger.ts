import { chmod, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import pg from 'pg'
import { toDatabaseError } from '../src/ledger/db/database-error.js'
import type { Database, Queryable, Transaction } from '../src/ledger/db/database.js'
import { migrate } from '../src/ledger/db/migrate.js'
import { startPostgres, type PostgresServer } from '../dev/embedded/postgres.js'
import { ownDirectory } from '../src/checkout.js'
import type { Scheduler, Task } from './scheduler.js'

/** The same value as in the product's own pool (src/ledger/db/database.ts). */
const LOCK_TIMEOUT_MS = 10_000
/** The same as there: then the server ends the transactions of a hung process. */
export const IDLE_IN_TRANSACTION_MS = 60_000
const IDLE_IN_TRANSACTION = '25P03'
const CONNECTION_FAILURE = '08006'
const DEADLOCK = '40P01'
/**
 * Longer than any run. The simulation detects deadlocks itself, because the server's own detection depends on real
 * time.
 */
const NEVER = '1h'
/** How often the simulation checks whether a statement without an answer waits for a lock, real ms. */
const LOOK_EVERY_MS = 2

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

/** Matches the statement that takes leases (src/ledger/address/leases.ts); its second value is the addresses. */
const TAKES_LEASES = /SET lease_owner = \$1, lease_token = a\.lease_token \+ 1/
const FIRST_END = `SELECT extract(epoch FROM min(lease_expires_at))::float8 * 1000 AS "untilMs" FROM addresses
  WHERE address_id = ANY($1)`

/** Matches the evidence of a decision; its writes follow, and then their outcomes. */
const DECISION = /INSERT INTO consent_events\b/
const DANGER_STEPS = 20

const CLOCKS: readonly (readonly [RegExp, string])[] = [
  [/\b(clock_timestamp|now)\(\)/g, 'simulated_now()'],
  [/\bcurrent_date\b/g, `(simulated_now() AT TIME ZONE 'UTC')::date`],
  // Reads any of the many records without an address.
  [/\bORDER BY random\(\)/g, 'ORDER BY 1'],
]

/** A statement as it is sent; prepared under its name, because planning would take most of its time. */
interface Statement {
  readonly sql: string
  readonly usesClock: boolean
  /** It may change or lock a row. */
  readonly mayChange: boolean
  readonly name: string
}

const rewritten = new Map<string, Statement>()

function byClock(sql: string): Statement {
  let known = rewritten.get(sql)
  if (known === undefined) {
    const text = CLOCKS.reduce((soFar, [what, by]) => soFar.replace(what, by), sql)
    const usesClock = text !== sql || /\bINSERT\b/i.test(sql)
    const mayChange = /\b(INSERT|UPDATE|DELETE|SHARE)\b/i.test(sql)
    known = { sql: text, usesClock, mayChange, name: `s${rewritten.size}` }
    rewritten.set(sql, known)
  }
  return known
}

/** A connection; it serves one transaction, or one statement, at a time. */
interface Connection {
  client: pg.Client
  pid: number
  /** The time that was last set on it. */
  setMs: number
  /** The BEGIN of a transaction that has not sent a statement yet; else null. */
  begin: string | null
}

/** A statement that waits for a lock. */
interface Waiting {
  readonly connection: Connection
  readonly answer: Promise<unknown>
  isDone: boolean
  readonly wake: () => void
  /** Ends with the step that it belongs to. */
  readonly step: Promise<void>
}

/**
 * The ledger in a real PostgreSQL, behind a gate: the scheduler chooses when a statement is sent, and its answer is
 * awaited before anything else happens. A statement that waits for a lock (the server reports that) makes its task
 * wait: other tasks go on, and after each end of a transaction the waiting statements are checked again. So locks and
 * isolation are PostgreSQL's own, and the seed determines their order.
 */
export class SimulatedLedger implements Database {
  private readonly free: Connection[] = []
  private readonly all: Connection[] = []
  private waiting: Waiting[] = []
  private open = 0
  /** Number of statements and ends of transactions that may have changed a row or a lock. */
  private changes = 0
  /** Leases that were held, by their addresses: as of how many changes, and when the first of them ends. */
  private readonly held = new Map<string, { readonly changes: number; readonly untilMs: number }>()
  /** What happens to a transaction whose COMMIT is sent. */
  faultOfCommit: (task: Task) => 'lost' | 'unanswered' | null = () => null
  statements = 0
  /** Number of statements that had to wait for a lock. */
  waits = 0

  constructor(
    private readonly url: string,
    private readonly admin: pg.Client,
    private readonly name: string,
    private readonly scheduler: Scheduler,
  ) {}

  query<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.scheduler.step('query', this.scheduler.latency(2), async () => {
      const polled = TAKES_LEASES.test(sql) ? JSON.stringify(values[1]) : null
      if (polled !== null && this.isHeld(polled)) {
        this.statements += 1
        return []
      }
      const connection = await this.take()
      try {
        const { changes } = this
        const rows = await this.send<Row>(connection, 'none', sql, values)
        if (polled !== null && rows.length === 0 && this.changes === changes + 1) {
          await this.noteHeld(connection, polled, values[1])
        }
        return rows
      } finally {
        await this.giveBack(connection)
      }
    })
  }

  /**
   * Whether these leases were all held when they were last asked for, and nothing has changed since. Passes ask five
   * times a second for the leases of a dead one: a third of all statements.
   */
  private isHeld(polled: string): boolean {
    const known = this.held.get(polled)
    return known?.changes === this.changes && known.untilMs >= this.scheduler.nowMs
  }

  private async noteHeld({ client }: Connection, polled: string, ids: unknown): Promise<void> {
    const { rows } = await client.query<{ untilMs: number | null }>(FIRST_END, [ids])
    // The question itself changed nothing.
    this.changes -= 1
    this.held.set(polled, { changes: this.changes, untilMs: rows[0]?.untilMs ?? Infinity })
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.attempt(work, 'BEGIN').catch((error: unknown) => {
      if ((error as { code?: string }).code === DEADLOCK) {
        return this.attempt(work, 'BEGIN')
      }
      throw error
    })
  }

  snapshot<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.attempt(work, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  }

  async close(): Promise<void> {
    await this.disconnect()
    await this.admin.query(`DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`)
    await this.admin.query(`DROP DATABASE IF EXISTS ${this.name}_backup WITH (FORCE)`)
  }

  /** Whether a transaction is running. */
  get isBusy(): boolean {
    return this.open > 0 || this.waiting.length > 0
  }

  /** Makes a copy. No transaction may be running. */
  async backUp(): Promise<void> {
    await this.disconnect()
    await this.admin.query(`CREATE DATABASE ${this.name}_backup TEMPLATE ${this.name}`)
  }

  /** Restores that copy. No task may be using the ledger. */
  async restore(): Promise<void> {
    await this.disconnect()
    await this.admin.query(`DROP DATABASE ${this.name} WITH (FORCE)`)
    await this.admin.query(`ALTER DATABASE ${this.name}_backup RENAME TO ${this.name}`)
  }

  private async disconnect(): Promise<void> {
    this.changes += 1
    await Promise.all(this.all.map(({ client }) => client.end()))
    this.all.length = 0
    this.free.length = 0
  }

  /** Runs a statement of the simulation itself, as the owner: it is no task's step. */
  async ask<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const client = await connected(this.url)
    try {
      await client.query(`SET simulation.ms = '${this.scheduler.nowMs}'`)
      return (await client.query(byClock(sql).sql, [...values])).rows as Row[]
    } finally {
      await client.end()
    }
  }

  /** The same, all as of one moment. */
  async askAsOne<T>(work: (db: Queryable) => Promise<T>): Promise<T> {
    const client = await connected(this.url)
    try {
      await client.query(`SET simulation.ms = '${this.scheduler.nowMs}'`)
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      return await work({
        query: async <Row>(sql: string, values: readonly unknown[] = []) =>
          (await client.query(byClock(sql).sql, [...values])).rows as Row[],
      })
    } finally {
      await client.end()
    }
  }

  private async attempt<T>(work: (tx: Transaction) => Promise<T>, begin: string): Promise<T> {
    const { scheduler } = this
    const task = scheduler.task!
    const connection = await scheduler.step('begin', scheduler.latency(1), async () => {
      const taken = await this.take()
      this.open += 1
      // BEGIN is sent with the first statement: before that it would have no effect.
      taken.begin = begin
      return taken
    })
    const rollBack = async () => {
      await end(connection, 'ROLLBACK').catch(() => undefined)
      connection.setMs = -1
      this.open -= 1
      this.changes += 1
      await this.giveBack(connection)
    }
    let isCut = false
    const onDeath = () => {
      isCut = true
      return this.endDead(connection, rollBack)
    }
    task.onDeath.add(onDeath)
    const assertOpen = () => {
      if (isCut) {
        throw Object.assign(new Error('the server ended it'), { code: IDLE_IN_TRANSACTION })
      }
    }
    const tx = {
      query: <Row>(sql: string, values: readonly unknown[] = []) => {
        if (DECISION.test(sql)) {
          task.danger = DANGER_STEPS
        }
        return scheduler.step('statement', scheduler.latency(1), () => {
          assertOpen()
          return this.send<Row>(connection, 'own', sql, values)
        })
      },
    } as Transaction
    try {
      const result = await work(tx)
      await scheduler.step('commit', scheduler.latency(1), async () => {
        assertOpen()
        const fault = this.faultOfCommit(task)
        if (fault === 'lost') {
          throw unreachable()
        }
        await end(connection, 'COMMIT')
        task.onDeath.delete(onDeath)
        this.open -= 1
        this.changes += 1
        await this.giveBack(connection)
        if (fault === 'unanswered') {
          throw unreachable()
        }
      })
      return result
    } catch (error) {
      if (task.onDeath.delete(onDeath)) {
        await scheduler.step('rollback', 0, rollBack)
      }
      throw toDatabaseError(error)
    }
  }

  /** Cuts the connection of a dead process: it no longer waits for a lock. */
  private async endDead(connection: Connection, rollBack: () => Promise<void>): Promise<void> {
    const waits = this.waiting.find((one) => one.connection === connection)
    if (waits) {
      await this.cancel(connection)
      this.waiting = this.waiting.filter((one) => one !== waits)
    }
    await rollBack()
  }

  private async take(): Promise<Connection> {
    const known = this.free.pop()
    if (known !== undefined) {
      return known
    }
    const client = await connected(this.url)
    await client.query('SET ROLE lbsync_app')
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const connection = { client, pid: rows[0]!.pid, setMs: -1, begin: null }
    this.all.push(connection)
    return connection
  }

  /** A connection that was closed meanwhile serves nobody. */
  private async giveBack(connection: Connection): Promise<void> {
    if (this.all.includes(connection)) {
      this.free.push(connection)
    }
    await this.wakeWaiting()
  }

  /** Checks whether waiting statements have their locks now. */
  private async wakeWaiting(): Promise<void> {
    for (const one of [...this.waiting]) {
      await this.untilKnown(one)
    }
  }

  /**
   * Waits until a statement has its answer and its task waits again, or until the server reports that it still waits
   * for a lock.
   */
  private async untilKnown(one: Waiting): Promise<void> {
    while (this.waiting.includes(one)) {
      await endsWithin(one.answer, LOOK_EVERY_MS)
      if (one.isDone) {
        this.waiting = this.waiting.filter((other) => other !== one)
        one.wake()
        await one.step
      } else if ((await this.blockersOf(one.connection)).length > 0) {
        return
      }
    }
  }

  private async blockersOf({ pid }: Connection): Promise<readonly number[]> {
    const { rows } = await this.admin.query<{ by: number[] }>('SELECT pg_blocking_pids($1) AS by', [
      pid,
    ])
    return rows[0]!.by
  }

  private async send<Row>(
    connection: Connection,
    transaction: 'own' | 'none',
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    this.statements += 1
    const { nowMs } = this.scheduler
    const statement = byClock(sql)
    if (statement.mayChange) {
      this.changes += 1
    }
    const before: string[] = []
    if (connection.begin !== null) {
      before.push(connection.begin)
      connection.begin = null
    }
    if (statement.usesClock && connection.setMs !== nowMs) {
      connection.setMs = nowMs
      before.push(`SET simulation.ms = '${nowMs}'`)
    }
    const answer = together(connection.client, before, {
      text: statement.sql,
      ...(values.length > 0 && { name: statement.name, values: [...values] }),
    })
    answer.catch(() => undefined)
    const others = this.open - (transaction === 'own' ? 1 : 0) + this.waiting.length
    try {
      if (others > 0 && (await this.isBlocked(connection, answer))) {
        await this.wait(connection, answer)
      }
      return (await answer).rows as Row[]
    } catch (error) {
      connection.setMs = -1
      throw toDatabaseError(error)
    }
  }

  /** Whether a statement waits for another transaction's lock. */
  private async isBlocked(connection: Connection, answer: Promise<unknown>): Promise<boolean> {
    for (;;) {
      if (await endsWithin(answer, LOOK_EVERY_MS)) {
        return false
      }
      if ((await this.blockersOf(connection)).length > 0) {
        return true
      }
    }
  }

  /**
   * Lets other tasks go on until the lock is granted, or its time-out is over. @throws PostgreSQL's error for a
   * deadlock.
   */
  private async wait(connection: Connection, answer: Promise<unknown>): Promise<void> {
    this.waits += 1
    const { scheduler } = this
    scheduler.note('waits for a lock')
    if (await this.isInCircle(connection)) {
      scheduler.note('deadlock')
      await this.cancel(connection)
      await answer.catch(() => undefined)
      throw Object.assign(new Error('deadlock detected'), { code: DEADLOCK })
    }
    const step = scheduler.park()
    await new Promise<void>((resolve) => {
      const one: Waiting = { connection, answer, isDone: false, wake: resolve, step }
      const done = () => (one.isDone = true)
      answer.then(done, done)
      this.waiting.push(one)
      scheduler.at(scheduler.nowMs + LOCK_TIMEOUT_MS, async () => {
        if (this.waiting.includes(one)) {
          await this.cancel(connection)
          await answer.catch(() => undefined)
          await this.untilKnown(one)
        }
      })
    })
  }

  /** Whether a transaction that it waits for waits for it. */
  private async isInCircle(connection: Connection): Promise<boolean> {
    const seen = new Set<number>()
    const toAsk = [...(await this.blockersOf(connection))]
    for (const pid of toAsk) {
      if (pid === connection.pid) {
        return true
      }
      const blocker = this.waiting.find((one) => one.connection.pid === pid)
      if (blocker && !seen.has(pid)) {
        seen.add(pid)
        toAsk.push(...(await this.blockersOf(blocker.connection)))
      }
    }
    return false
  }

  private async cancel(connection: Connection): Promise<void> {
    await this.admin.query('SELECT pg_cancel_backend($1)', [connection.pid])
  }
}

/** Sends statements in one message; the server executes them in order. @returns the answer of the last one. */
function together(
  client: pg.Client,
  before: readonly string[],
  last: pg.QueryConfig,
): Promise<pg.QueryResult> {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  stream.cork()
  try {
    if (before.length > 0) {
      client.query(before.join('; ')).catch(() => undefined)
    }
    return client.query(last)
  } finally {
    stream.uncork()
  }
}

/** The error of a connection that broke. */
function unreachable(): Error {
  return Object.assign(new Error('the connection broke'), { code: CONNECTION_FAILURE })
}

/** Ends a connection's transaction, if it has been sent to the server. */
async function end(connection: Connection, how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  if (connection.begin === null) {
    await connection.client.query(how)
  }
  connection.begin = null
}

/** Whether an answer or an error comes within that time, real ms. */
async function endsWithin(answer: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)))
  const end = () => true
  const ended = await Promise.race([answer.then(end, end), late])
  clearTimeout(timer)
  return ended
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, pipeline: true })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

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
