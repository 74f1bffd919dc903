import pg from 'pg'
import { refuseUnfitLogin } from './check-login.js'
import { toDatabaseError } from './database-error.js'
import { withSessionOptions } from './session-options.js'

// The values of bigint columns (ticks, ids) stay below 2^53, so that plain numbers are safe.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

/** The pool, or one transaction. */
export interface Queryable {
  /** Runs one statement. @throws AppError of the catalogue for database faults. */
  query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>
}

declare const inTransaction: unique symbol

/** An open transaction, for everything that locks or must be stored together. */
export interface Transaction extends Queryable {
  readonly [inTransaction]: true
}

/** The ledger's database under the application's role, which cannot change evidence. */
export interface Database extends Queryable {
  /** Runs `work` in one transaction and rolls back if it throws. Repeats it once after a deadlock. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Reads everything from one snapshot. */
  snapshot<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Checks that the database answers. @throws AppError `database_…`. */
export async function probeDatabase(db: Queryable): Promise<void> {
  await db.query('SELECT 1')
}

/** The same database; calls `onStatement` after each statement. */
export function noticing(db: Database, onStatement: () => void): Database {
  const of = <Q extends Queryable>(queryable: Q): Q => ({
    ...queryable,
    query: (sql: string, values?: readonly unknown[]) =>
      queryable.query<never>(sql, values).finally(onStatement),
  })
  return {
    ...of(db),
    transaction: (work) => db.transaction((tx) => work(of(tx))),
    snapshot: (work) => db.snapshot((tx) => work(of(tx))),
    close: () => db.close(),
  }
}

const DEADLOCK = '40P01'

/**
 * The longest wait for a lock. Then the work fails and is retried. Short enough for a worker to stop within its grace
 * period.
 */
const LOCK_TIMEOUT_MS = 10_000
/** Far more than a statement needs. The server ends a longer one. */
const STATEMENT_TIMEOUT_MS = 5 * 60_000
/** A transaction that is idle for longer belongs to a hung process. The server ends it and releases its locks. */
const IDLE_IN_TRANSACTION_MS = 60_000

function queryableOf(client: pg.Pool | pg.PoolClient): Queryable {
  return {
    async query<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
      try {
        return (await client.query(sql, [...values])).rows as Row[]
      } catch (error) {
        throw toDatabaseError(error)
      }
    },
  }
}

/**
 * Opens the ledger. Opens connections when needed, and refuses one whose login could change evidence.
 * @param databaseUrl a PostgreSQL URL; its settings replace ours, but not the role.
 */
export function openDatabase(
  databaseUrl: string,
  options: { maxConnections?: number | undefined; lockTimeoutMs?: number } = {},
): Database {
  const pool = new pg.Pool({
    connectionString: withSessionOptions(databaseUrl, {
      lock_timeout: options.lockTimeoutMs ?? LOCK_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    }),
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: 5_000,
    application_name: 'lbsync',
    // The pool waits for the promise, although its types do not state it.
    onConnect: refuseUnfitLogin as (client: pg.ClientBase) => unknown as (
      client: pg.ClientBase,
    ) => void,
  })
  // The pool replaces an idle connection that dies. Without a listener the error would end the process.
  pool.on('error', () => undefined)
  const attempt = async <T>(work: (tx: Transaction) => Promise<T>, begin = 'BEGIN'): Promise<T> => {
    const client = await pool.connect().catch((error: unknown) => {
      throw toDatabaseError(error)
    })
    let broken: Error | undefined
    // A connection may die between two statements. Without a listener the error would end the process.
    const onError = (error: Error) => {
      broken = error
    }
    client.on('error', onError)
    try {
      await client.query(begin)
      const result = await work(queryableOf(client) as Transaction)
      await client.query('COMMIT')
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch((rollback: Error) => {
        broken = rollback
      })
      throw toDatabaseError(error)
    } finally {
      client.removeListener('error', onError)
      client.release(broken)
    }
  }
  return {
    ...queryableOf(pool),
    transaction: (work) =>
      attempt(work).catch((error: unknown) => {
        if ((error as { code?: string }).code === DEADLOCK) {
          return attempt(work)
        }
        throw error
      }),
    snapshot: (work) => attempt(work, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'),
    close: () => pool.end(),
  }
}

/**
 * The next tick: the ledger's own order of events, independent of clocks. Take one before and after every reading of an
 * outside system (docs/ledger.md, "Ticks").
 */
export async function nextTick(db: Queryable): Promise<number> {
  const [row] = await db.query<{ tick: number }>(`SELECT nextval('ledger_tick') AS tick`)
  return row!.tick
}
