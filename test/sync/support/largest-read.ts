import type { Database, Queryable } from '../../../src/ledger/db/database.js'

/** The statement that returned the most rows, and how many. */
export interface LargestRead {
  rows: number
  sql: string
}

/** The same database; notes the statement that returns the most rows. */
export function notingLargestRead(db: Database, largest: LargestRead): Database {
  const wrap = (queryable: Queryable): Queryable => ({
    async query<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
      const rows = await queryable.query<Row>(sql, values)
      if (rows.length > largest.rows) {
        Object.assign(largest, { rows: rows.length, sql })
      }
      return rows
    },
  })
  return {
    ...wrap(db),
    transaction: (work) => db.transaction((tx) => work(wrap(tx) as typeof tx)),
    snapshot: (work) => db.snapshot((tx) => work(wrap(tx))),
    close: () => db.close(),
  }
}
