import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { saveMemories } from '../../src/ledger/copy/cells.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { runStatements } from '../support/broker-database.js'
import { withDatabase } from '../support/with-database.js'

const database = withDatabase()
let db: Database

beforeAll(() => {
  db = openDatabase(database.url, { maxConnections: 3, lockTimeoutMs: 200 })
})

afterAll(() => db.close())

async function pidOf(tx: Pick<Database, 'query'>): Promise<number> {
  const [row] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return row!.pid
}

it('lives on where a connection is ended between two statements of a transaction', async () => {
  const work = db.transaction(async (tx) => {
    const pid = await pidOf(tx)
    await runStatements(database.url, [`SELECT pg_terminate_backend(${pid})`])
    // Until the end has reached us, while no running statement could report it.
    for (let alive = true; alive;) {
      const rows = await db.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid])
      alive = rows.length > 0
    }
    await new Promise((resolve) => setImmediate(resolve))
    await tx.query('SELECT 1')
  })
  await expect(work).rejects.toMatchObject({ code: 'database_unreachable' })
  expect(await pidOf(db)).toBeGreaterThan(0)
})

it('waits for a lock only so long, and is to be tried again then', async () => {
  const table = `INSERT INTO sweeps (connection_id) SELECT connection_id FROM connections`
  let release!: () => void
  const released = new Promise<void>((resolve) => (release = resolve))
  let taken!: () => void
  const locked = new Promise<void>((resolve) => (taken = resolve))
  const holder = db.transaction(async (tx) => {
    await tx.query('LOCK TABLE sweeps IN EXCLUSIVE MODE')
    taken()
    await released
  })
  await locked
  await expect(db.query(table)).rejects.toMatchObject({
    code: 'database_busy',
    kind: { retryable: true },
  })
  release()
  await holder
  await db.query(table)
})

it('lets no wait and no statement outlast the end of a worker by much', async () => {
  const usual = openDatabase(database.url)
  const settings = await usual.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE name IN
      ('lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout') ORDER BY name`,
  )
  await usual.close()
  expect(settings.map(({ setting }) => Number(setting))).toEqual([60_000, 10_000, 300_000])
})

/** Checked by the compiler: functions that need a transaction cannot be called with the pool. */
export function refusesThePool(db: Database): Promise<unknown> {
  // @ts-expect-error a Database is no Transaction
  return saveMemories(db, [])
}
