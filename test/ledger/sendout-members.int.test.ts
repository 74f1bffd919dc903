import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { saveConnection } from '../../src/ledger/connection/connections.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { saveMembers } from '../../src/ledger/sendout/sendout-members.js'
import { openSendoutRun } from '../../src/ledger/sendout/sendouts.js'
import { withDatabase } from '../support/with-database.js'

const database = withDatabase()
let db: Database

beforeAll(async () => {
  db = openDatabase(database.url)
  const settings = { legalBasisSync: true, subscriptionSync: false, createMissing: 'none' } as const
  const limits = { newlyMailableLimit: 0, subscriptionRowsPerDay: 0, config: {}, crm: 'dynamics' }
  await saveConnection(db, { connectionId: 'acme', accountId: '1001', ...settings, ...limits })
})
afterAll(() => db.close())

const member = { position: 0, contactId: '1', email: 'a@x.example', mobile: null, addressId: null }

/** A new run with one member. @returns its id. */
async function runWithMember(): Promise<string> {
  const sendoutRunId = randomUUID()
  await db.transaction((tx) =>
    openSendoutRun(tx, {
      sendoutRunId,
      sendoutId: sendoutRunId,
      stage: 'send',
      accountId: '1001',
      connectionId: 'acme',
      crm: 'dynamics',
      workflowId: '',
      deadlineMs: Date.now(),
    }),
  )
  expect(await saveMembers(db, sendoutRunId, [member])).toBe(true)
  return sendoutRunId
}

async function runsOfMembers(): Promise<string[]> {
  const rows = await db.query<{ id: string }>(`SELECT sendout_run_id AS id FROM sendout_members`)
  return rows.map((row) => row.id)
}

describe('members of a run', () => {
  it('go with a deleted run, and others stay', async () => {
    const [deleted, other] = [await runWithMember(), await runWithMember()]
    await db.query(`DELETE FROM sendout_runs WHERE sendout_run_id = $1`, [deleted])
    expect(await runsOfMembers()).toEqual([other])
  })

  it('are not stored without a run', async () => {
    const before = await runsOfMembers()
    expect(await saveMembers(db, randomUUID(), [member])).toBe(false)
    expect(await runsOfMembers()).toEqual(before)
  })

  it('go with a run that is deleted while they are stored', async () => {
    const deleted = await runWithMember()
    let deleting: Promise<unknown> = Promise.resolve()
    await db.transaction(async (tx) => {
      await saveMembers(tx, deleted, [{ ...member, position: 1 }])
      deleting = db.query(`DELETE FROM sendout_runs WHERE sendout_run_id = $1`, [deleted])
      // The members are committed only when the deletion waits for the run.
      for (let waits = 0; waits === 0;) {
        const [row] = await tx.query<{ waits: number }>(
          `SELECT count(*)::int AS waits FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE NOT granted AND datname = current_database()`,
        )
        waits = row!.waits
      }
    })
    await deleting
    expect(await runsOfMembers()).not.toContain(deleted)
  })
})
