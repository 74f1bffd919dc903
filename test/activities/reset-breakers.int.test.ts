import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { tripAfter, resetTimed } from '../../src/activities/breakers.js'
import { createHttp } from '../../src/http/index.js'
import { retryConnection } from '../../src/ledger/connection/connection-life.js'
import { findConnection, saveConnection } from '../../src/ledger/connection/connections.js'
import type { Side } from '../../src/ledger/connection/cursors.js'
import { overridesOf } from '../../src/ledger/connection/overrides.js'
import { tripBreaker, resetBreaker } from '../../src/ledger/connection/breakers.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import type { SyncSession } from '../../src/connection/session.js'
import { withDatabase } from '../support/with-database.js'
import { settings } from '../support/settings.js'

const database = withDatabase()
const connectionId = 'acme'
let db: Database

beforeAll(async () => {
  db = openDatabase(database.url, { maxConnections: 2 })
  await saveConnection(db, settings({ connectionId }))
})

afterAll(() => db.close())

async function close(side: Side, forMs: number, code = `${side}_rate_limited`): Promise<void> {
  const untilMs = Date.now() + forMs
  await tripBreaker(db, { connectionId, side, untilMs, code, reason: null, config: {} })
}

/** Work that began while the breaker was tripped, and whose calls were answered. */
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
    await resetTimed(await beginWork())
    expect(await codeOf(side)).toBeNull()
  })

  it('stays closed where it has asked somebody else to wait meanwhile', async () => {
    await close(side, -1_000)
    const work = await beginWork()
    await close(side, 60_000)
    await resetTimed(work)
    expect(await codeOf(side)).toBe(`${side}_rate_limited`)
  })
})

it('the gate of a CRM that refuses us is opened by a sign-in only', async () => {
  await close('crm', -1_000, 'crm_auth_failed')
  await resetTimed(await beginWork())
  expect(await codeOf('crm')).toBe('crm_auth_failed')
})

describe('a system that asks to be left alone for a day', () => {
  it('is, for a quarter of an hour at a time, which a person may end', async () => {
    const server = createServer((_, response) =>
      response.writeHead(429, { 'Retry-After': '86400' }).end('{}'),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const http = createHttp({ system: 'dynamics', baseUrl })
    const request = {
      method: 'GET',
      path: '/',
      operation: 'GET /',
      name: 'x',
      effect: 'read',
    } as const
    const error: unknown = await http.text(request).catch((thrown: unknown) => thrown)
    server.close()
    http.close()
    // In the form of the activity's failure.
    expect(error).toMatchObject({ message: expect.stringContaining('asked to wait 86400 seconds') })

    const session = await beginWork()
    await resetBreaker(db, connectionId, 'crm')
    await tripAfter({ session, driver: null }, error)
    await close('emarketeer', 60_000)
    const closed = (await findConnection(db, connectionId))!
    const waitMs = closed.crmBlockedUntil!.getTime() - Date.now()
    expect(waitMs).toBeGreaterThan(14 * 60_000)
    expect(waitMs).toBeLessThanOrEqual(15 * 60_000)
    expect(closed.crmBlockedReason).toContain('86400 seconds')

    const person = { connectionId, reason: 'it is fixed', by: 'Kari' }
    const retry = (by: typeof person) =>
      db.transaction((tx) => retryConnection(tx, { ...by, interventionId: randomUUID() }))
    const retried = await retry(person)
    expect(retried).toMatchObject([
      { side: 'emarketeer' },
      { side: 'crm', code: 'crm_rate_limited' },
    ])
    expect([await codeOf('crm'), await codeOf('emarketeer')]).toEqual([null, null])
    expect(await retry(person)).toEqual([])
    expect(await overridesOf(db, connectionId, 9)).toMatchObject([
      { subject: 'gates', action: 'retry', reason: 'it is fixed', by: 'Kari' },
    ])
  })
})
