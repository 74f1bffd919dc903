import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { keepingSpent } from '../../src/activities/perform.js'
import { RequestTally } from '../../src/http/index.js'
import { saveConnection } from '../../src/ledger/connection/connections.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { spentOf, openSendoutRun } from '../../src/ledger/sendout/sendouts.js'
import { closeSendout } from '../../src/sync/sendout/close-sendout.js'
import type { SyncSession } from '../../src/connection/session.js'
import { withDatabase } from '../support/with-database.js'
import { settings } from '../support/settings.js'

const database = withDatabase()
const connectionId = 'acme'
let db: Database
let sendoutRunId: string

beforeAll(async () => {
  db = openDatabase(database.url, { maxConnections: 4 })
  await saveConnection(db, settings({ connectionId }))
})
afterAll(() => db.close())

async function open(): Promise<void> {
  sendoutRunId = randomUUID()
  await db.transaction((tx) =>
    openSendoutRun(tx, {
      sendoutRunId,
      sendoutId: `snd_${sendoutRunId}`,
      stage: 'send',
      accountId: '1001',
      connectionId,
      crm: 'dynamics',
      workflowId: 'w',
      deadlineMs: Date.now() + 600_000,
    }),
  )
}

function session(trigger: 'preSend' | 'sweep' = 'preSend'): SyncSession {
  const run = { runId: sendoutRunId, connectionId, trigger, workflowId: 'w' }
  return { db, run, call: { tally: new RequestTally() } } as unknown as SyncSession
}

function spend({ call }: SyncSession, emarketeer: number, crm: number): void {
  Array.from({ length: emarketeer }, () => call.tally.add('emarketeer', 'x'))
  Array.from({ length: crm }, () => call.tally.add('dynamics', 'x'))
}

describe('what a sendout spends', () => {
  it('counts of attempts that failed, were repeated, or are cut off in the middle', async () => {
    await open()
    const failing = session()
    const failed = keepingSpent(failing, () => {
      spend(failing, 1, 2)
      return Promise.reject(new Error('cut off'))
    })
    await expect(failed).rejects.toThrow('cut off')
    const again = session()
    await keepingSpent(again, async () => {
      spend(again, 2, 3)
      return { writes: { emarketeer: 4, crm: 5 } }
    })
    const killed = session()
    let release!: () => void
    const work = keepingSpent(killed, () => {
      spend(killed, 0, 10)
      return new Promise<void>((resolve) => (release = resolve))
    })
    while ((await spentOf(db, sendoutRunId)).requests.crm < 15) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const result = await closeSendout(db, {
      sendoutRunId,
      proof: null,
      onUnverified: 'exclude',
      aborted: false,
      problems: ['deadline_reached'],
    })
    expect(result).toMatchObject({
      requests: { emarketeer: 3, crm: 15 },
      updated: { emarketeer: 4, crm: 5 },
      problems: ['deadline_reached'],
    })
    release()
    await work
  })

  it('is not kept of other work', async () => {
    await open()
    const sweep = session('sweep')
    await keepingSpent(sweep, async () => spend(sweep, 1, 1))
    expect(await spentOf(db, sendoutRunId)).toMatchObject({ requests: { emarketeer: 0, crm: 0 } })
  })

  it('does not fail the work where the ledger is away', async () => {
    const away = { query: () => Promise.reject(new Error('away')) }
    const lost = { ...session(), db: away } as unknown as SyncSession
    await expect(keepingSpent(lost, async () => (spend(lost, 1, 0), 7))).resolves.toBe(7)
  })
})
