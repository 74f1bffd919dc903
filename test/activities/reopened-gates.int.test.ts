import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { reopenTimed } from '../../src/activities/gates.js'
import { findConnection, saveConnection } from '../../src/ledger/connections.js'
import type { Side } from '../../src/ledger/cursors.js'
import { closeGate } from '../../src/ledger/gates.js'
import { openDatabase, type Database } from '../../src/ledger/database.js'
import type { SyncSession } from '../../src/sync/session.js'
import { withDatabase } from '../support/with-database.js'

const database = withDatabase()
const connectionId = 'acme'
let db: Database

beforeAll(async () => {
  db = openDatabase(database.url, { maxConnections: 2 })
  await saveConnection(db, {
    connectionId,
    accountId: '1001',
    crm: 'dynamics',
    legalBasisSync: true,
    subscriptionSync: false,
    createMissing: 'none',
    newlyMailableLimit: 100,
    subscriptionRowsPerDay: 100,
    config: {},
  })
})

afterAll(() => db.close())

async function close(side: Side, forMs: number, code = `${side}_rate_limited`): Promise<void> {
  const untilMs = Date.now() + forMs
  await closeGate(db, { connectionId, side, untilMs, code, reason: null, config: {} })
}

/** Work that began when the gate had been closed, and whose calls were answered. */
async function beginWork(): Promise<SyncSession> {
  const connection = (await findConnection(db, connectionId))!
  const call = { tally: { totals: () => ({ emarketeer: 1, crm: 1 }) } }
  return { connection, db, call } as unknown as SyncSession
}

async function codeOf(side: Side): Promise<string | null> {
  const connection = (await findConnection(db, connectionId))!
  return side === 'crm' ? connection.crmBlockedCode : connection.emarketeerBlockedCode
}

describe.each<Side>(['emarketeer', 'crm'])('the gate of a busy system (%s)', (side) => {
  it('is opened by work that it has answered since', async () => {
    await close(side, -1_000)
    await reopenTimed(await beginWork())
    expect(await codeOf(side)).toBeNull()
  })

  it('stays closed where it has asked somebody else to wait meanwhile', async () => {
    await close(side, -1_000)
    const work = await beginWork()
    await close(side, 60_000)
    await reopenTimed(work)
    expect(await codeOf(side)).toBe(`${side}_rate_limited`)
  })
})

it('the gate of a CRM that refuses us is opened by a sign-in only', async () => {
  await close('crm', -1_000, 'crm_auth_failed')
  await reopenTimed(await beginWork())
  expect(await codeOf('crm')).toBe('crm_auth_failed')
})
