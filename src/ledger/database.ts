import pg from 'pg'
import { toDatabaseError } from './database-error.js'

// bigint columns (ticks, ids) stay below 2^53 for millennia: plain numbers are safe and simpler.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

/** What queries run on: the pool itself, or one transaction. */
export interface Queryable {
  /** Runs one statement. Errors are of the catalogue where the database is at fault. */
  query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>
}

/** The ledger's database under the application's role, which cannot change evidence. */
export interface Database extends Queryable {
  /** Runs `work` in one transaction; rolled back when it throws. Retried once on deadlock. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
  /** Reads everything as of one moment. */
  snapshot<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
  close(): Promise<void>
}

const DEADLOCK = '40P01'

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

/** Opens the ledger. Connections are made when first needed. @param databaseUrl a PostgreSQL URL. */
export function openDatabase(
  databaseUrl: string,
  options: { maxConnections?: number } = {},
): Database {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: 5_000,
    application_name: 'lbsync',
    options: '-c role=lbsync_app',
  })
  // A connection that dies while idle is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined)
  const attempt = async <T>(work: (tx: Queryable) => Promise<T>, begin = 'BEGIN'): Promise<T> => {
    const client = await pool.connect().catch((error: unknown) => {
      throw toDatabaseError(error)
    })
    let broken: Error | undefined
    try {
      await client.query(begin)
      const result = await work(queryableOf(client))
      await client.query('COMMIT')
      return result
    } catch (error) {
      await client.query('ROLLBACK').catch((rollback: Error) => {
        broken = rollback
      })
      throw toDatabaseError(error)
    } finally {
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
