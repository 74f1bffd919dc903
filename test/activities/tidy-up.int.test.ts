import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals'
import { tidyUp } from '../../src/activities/sweep-activities.js'
import type { CallContext } from '../../src/http/index.js'
import type { ConnectionRow } from '../../src/ledger/connection/connections.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import type { SyncSession } from '../../src/connection/session.js'
import { withDatabase } from '../support/with-database.js'

const connectionId = 'acme'
const OWN = {
  publicUrl: 'https://sync.example.com',
  webhookRef: 'ref',
  installed: true,
  reason: null,
}
const database = withDatabase()
let db: Database
let connection: Pick<
  ConnectionRow,
  | 'connectionId'
  | 'state'
  | 'pauseMode'
  | 'registeredWebhooks'
  | 'crmBlockedUntil'
  | 'emarketeerBlockedUntil'
>
/** The behaviour of each side's webhooks. */
let crm: (call: CallContext) => Promise<{ reactivated: boolean }>
let emarketeer: (call: CallContext) => Promise<null>
const warn = jest.fn()

beforeAll(() => {
  db = openDatabase(database.url)
})

afterAll(() => db.close())

beforeEach(() => {
  warn.mockClear()
  connection = {
    connectionId,
    state: 'active',
    pauseMode: null,
    registeredWebhooks: OWN,
    crmBlockedUntil: null,
    emarketeerBlockedUntil: null,
  }
  crm = jest.fn(async () => ({ reactivated: false }))
  emarketeer = jest.fn(async () => null)
})

const never = (): Promise<never> => new Promise(() => undefined)

function tidy(signal = new AbortController().signal): Promise<string[]> {
  const session = async (_run: unknown, given: { signal?: AbortSignal }) =>
    ({
      db,
      connection,
      call: { signal: given.signal },
      crm: { client: { tendWebhooks: crm } },
      emarketeer: { getWebhook: emarketeer, putWebhook: async () => ({ secret: 'whsec' }) },
      log: { warn },
    }) as unknown as SyncSession
  const systems = { db, session, saveWebhookSecret: async () => undefined }
  return tidyUp(systems, { connectionId, workflowId: 'sweep/acme/run', signal, tendMs: 50 })
}

it('looks after both sides, and has nothing to report', async () => {
  expect(await tidy()).toEqual([])
  expect(crm).toHaveBeenCalledTimes(1)
  expect(emarketeer).toHaveBeenCalledTimes(1)
})

it('gives up a side that does not answer, even to an abort, reports it, and goes on', async () => {
  crm = never
  expect(await tidy()).toEqual([
    "the CRM's webhooks could not be checked (no answer within 0.05 s)",
  ])
  expect(emarketeer).toHaveBeenCalledTimes(1)
  expect(warn).toHaveBeenCalledWith(
    expect.objectContaining({ connectionId }),
    'the webhooks could not be checked',
  )
  emarketeer = never
  expect(await tidy()).toHaveLength(2)
})

it('reports a failure by its code', async () => {
  emarketeer = () => Promise.reject(new Error('anna@example.test'))
  expect(await tidy()).toEqual(["eMarketeer's webhook could not be checked (internal)"])
})

it('leaves alone a side that asked for time', async () => {
  const crmBlockedUntil = new Date(Date.now() + 60_000)
  connection = { ...connection, crmBlockedUntil }
  expect(await tidy()).toEqual([])
  expect(crm).not.toHaveBeenCalled()
})

it('ends immediately when the sweep is cancelled', async () => {
  crm = never
  const cancel = new AbortController()
  const tidied = tidy(cancel.signal)
  cancel.abort(new Error('cancelled'))
  await expect(tidied).rejects.toThrow('cancelled')
})
