import type { Queryable } from './database.js'

/**
 * The next tick: the ledger's own order of events, free of any clock. Taken before and after every read of an
 * outside system (docs/ledger.md, "Ticks").
 */
export async function nextTick(db: Queryable): Promise<number> {
  const [row] = await db.query<{ tick: number }>(`SELECT nextval('ledger_tick') AS tick`)
  return row!.tick
}
