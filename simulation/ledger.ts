import type pg from 'pg'
import { toDatabaseError } from '../src/ledger/db/database-error.js'
import type { Database, Queryable, Transaction } from '../src/ledger/db/database.js'
import { connected, end, together, type Connection } from './connection.js'
import { DEADLOCK, Locks } from './locks.js'
import type { Scheduler, Task } from './scheduler.js'
import { byClock } from './statements.js'
import { StoreWatch } from './store-watch.js'

/** The same as in the product's own pool (src/ledger/db/database.ts): then the server ends the transactions of a hung process. */
export const IDLE_IN_TRANSACTION_MS = 60_000
const IDLE_IN_TRANSACTION = '25P03'
const CONNECTION_FAILURE = '08006'

const FIRST_END = `SELECT extract(epoch FROM min(lease_expires_at))::float8 * 1000 AS "untilMs" FROM addresses
  WHERE address_id = ANY($1)`

/** After the evidence of a decision its writes follow, and then their outcomes. */
const DANGER_STEPS = 20

/**
 * The ledger in a real PostgreSQL, behind a gate: the scheduler chooses when a statement is sent, and its answer is
 * awaited before anything else happens. A statement that waits for a lock (the server reports that) makes its task
 * wait: other tasks go on, and after each end of a transaction the waiting statements are checked again. So locks and
 * isolation are PostgreSQL's own, and the seed determines their order.
 */
export class SimulatedLedger implements Database {
  private readonly free: Connection[] = []
  private readonly all: Connection[] = []
  private open = 0
  /** Number of statements and ends of transactions that may have changed a row or a lock. */
  private changes = 0
  /** Leases that were held, by their addresses: as of how many changes, and when the first of them ends. */
  private readonly held = new Map<string, { readonly changes: number; readonly untilMs: number }>()
  /** What happens to a transaction whose COMMIT is sent. */
  faultOfCommit: (task: Task) => 'lost' | 'unanswered' | null = () => null
  statements = 0
  readonly watch = new StoreWatch()
  private readonly locks: Locks

  constructor(
    private readonly url: string,
    private readonly admin: pg.Client,
    private readonly name: string,
    private readonly scheduler: Scheduler,
  ) {
    this.locks = new Locks(admin, scheduler)
  }

  /** Number of statements that had to wait for a lock. */
  get waits(): number {
    return this.locks.waits
  }

  query<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.scheduler.step('query', this.scheduler.latency(2), async () => {
      const takes = StoreWatch.takesLeases(sql)
      const polled = takes ? JSON.stringify(values[1]) : null
      if (polled !== null && this.isHeld(polled)) {
        this.statements += 1
        return []
      }
      const connection = await this.take()
      try {
        const { changes } = this
        const rows = await this.send<Row>(connection, 'none', sql, values)
        if (takes) {
          this.watch.taken(values, rows)
        }
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
    return this.open > 0 || this.locks.count > 0
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
    const storing = StoreWatch.begin()
    const assertOpen = () => {
      if (isCut) {
        throw Object.assign(new Error('the server ended it'), { code: IDLE_IN_TRANSACTION })
      }
    }
    const tx = {
      query: <Row>(sql: string, values: readonly unknown[] = []) => {
        if (StoreWatch.storesEvents(sql)) {
          task.danger = DANGER_STEPS
        }
        StoreWatch.note(storing, sql, values)
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
        this.watch.committed(storing, scheduler.nowMs, task.name)
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
    await this.locks.abandon(connection)
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
    await this.locks.wakeWaiting()
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
    const others = this.open - (transaction === 'own' ? 1 : 0) + this.locks.count
    try {
      if (others > 0 && (await this.locks.isBlocked(connection, answer))) {
        await this.locks.wait(connection, answer)
      }
      return (await answer).rows as Row[]
    } catch (error) {
      connection.setMs = -1
      throw toDatabaseError(error)
    }
  }
}

/** The error of a connection that broke. */
function unreachable(): Error {
  return Object.assign(new Error('the connection broke'), { code: CONNECTION_FAILURE })
}
