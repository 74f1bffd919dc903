import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { MockActivityEnvironment } from '@temporalio/testing'
import { createPreSendActivities } from '../../src/activities/pre-send-activities.js'
import type { PreSendRequest, PreSendResult } from '../../src/contracts/pre-send.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { findListRun } from '../../src/sync/sendout/mailing-list.js'
import type { Systems } from '../../src/connection/systems.js'
import { withDatabase } from '../support/with-database.js'

const database = withDatabase()
let db: Database

beforeAll(() => {
  // Only one connection, so that code that requests a second one inside a transaction waits for itself.
  db = openDatabase(database.url, { maxConnections: 1 })
})
afterAll(() => db.close())

const request: PreSendRequest = {
  accountId: '1001',
  sendoutId: 'snd_1',
  campaignId: '501',
  componentId: '9001',
  stage: 'send',
}

/** Activities while eMarketeer does not answer: every call to it fails. */
function activities(runId = 'first') {
  const emarketeerOf = () => {
    throw new Error('eMarketeer was asked')
  }
  const { openSendout, closeSendout } = createPreSendActivities({
    db,
    emarketeerOf,
  } as unknown as Systems)
  const environment = new MockActivityEnvironment({
    workflowExecution: { workflowId: 'pre-send/snd/send', runId },
  })
  const deadlineMs = Date.now() + 600_000
  return {
    open: (sendoutRunId: string, asked = request) =>
      environment.run(openSendout, { request: asked, sendoutRunId, deadlineMs }),
    close: (sendoutRunId: string, aborted: boolean) =>
      environment.run(closeSendout, {
        sendoutRunId,
        proof: null,
        onUnverified: 'exclude' as const,
        aborted,
        problems: [],
      }) as Promise<PreSendResult>,
  }
}

describe('a run that is opened only to end with nobody', () => {
  it('is opened without eMarketeer, and takes the list of an earlier run away', async () => {
    const { open, close } = activities()
    const list = () => findListRun(db, { sendoutId: 'snd_1', accountId: '1001' })
    const [earlier, later] = [randomUUID(), randomUUID()]
    await open(earlier)
    await close(earlier, false)
    expect((await list()).sendoutRunId).toBe(earlier)
    await open(later)
    await expect(list()).rejects.toMatchObject({ code: 'list_not_available' })
    expect(await close(later, true)).toMatchObject({ outcome: 'aborted', mailingList: null })
    await expect(list()).rejects.toMatchObject({ code: 'list_not_available' })
    // Opened again because the answer was lost: still the same run.
    await open(later)
    await expect(list()).rejects.toMatchObject({ code: 'list_not_available' })
  })

  it('leaves no list of the time before, where its workflow was reset and is aborted now', async () => {
    const { open, close } = activities()
    const run = randomUUID()
    const asked = { ...request, sendoutId: 'snd_reset' }
    const list = () => findListRun(db, { sendoutId: 'snd_reset', accountId: '1001' })
    await open(run, asked)
    expect(await close(run, false)).toMatchObject({ outcome: 'decided' })
    // The steps are repeated with the same run, and an abort follows.
    await open(run, asked)
    expect(await close(run, true)).toMatchObject({ outcome: 'aborted', mailingList: null })
    await expect(list()).rejects.toMatchObject({ code: 'list_not_available' })
    // An aborted run stays aborted.
    expect(await close(run, false)).toMatchObject({ outcome: 'aborted' })
  })

  it('says that it was decided before, where its workflow was reset', async () => {
    const { open, close } = activities()
    const run = randomUUID()
    await open(run, { ...request, sendoutId: 'snd_3' })
    const first = await close(run, false)
    // The answer was lost, and the call is repeated.
    expect(await close(run, false)).toEqual(first)
    const again = await activities('second').close(run, false)
    expect(again).toEqual({ ...first, problems: [...first.problems, 'decided_before'] })
  })

  it('says, where it is aborted, that a newer run under another workflow id has a list', async () => {
    const { open, close } = activities()
    const asked = { ...request, sendoutId: 'snd_4' }
    const [older, newer] = [randomUUID(), randomUUID()]
    await open(older, asked)
    await open(newer, asked)
    expect((await close(newer, false)).problems).not.toContain('newer_run')
    expect(await close(older, true)).toMatchObject({
      outcome: 'aborted',
      problems: expect.arrayContaining(['newer_run']),
    })
    const list = await findListRun(db, { sendoutId: 'snd_4', accountId: '1001' })
    expect(list.sendoutRunId).toBe(newer)
  })

  it("is opened beside another account's sendout of the same id, and neither has the other's list", async () => {
    const { open, close } = activities()
    const [ours, theirs] = [randomUUID(), randomUUID()]
    const asked = { ...request, sendoutId: 'snd_2' }
    const list = (accountId: string) => findListRun(db, { sendoutId: 'snd_2', accountId })
    await open(ours, asked)
    await close(ours, false)
    expect((await list('1001')).sendoutRunId).toBe(ours)
    // They have no list yet, and the id alone does not give them ours.
    await expect(list('1002')).rejects.toMatchObject({ code: 'sendout_not_found' })
    await open(theirs, { ...asked, accountId: '1002' })
    // Theirs is not decided, so it takes no list away from ours.
    expect(await list('1001')).toMatchObject({ sendoutRunId: ours, run: 1 })
    await expect(list('1002')).rejects.toMatchObject({ code: 'list_not_available' })
    await close(theirs, false)
    expect(await list('1002')).toMatchObject({ sendoutRunId: theirs, accountId: '1002', run: 1 })
    await expect(list('1003')).rejects.toMatchObject({ code: 'sendout_not_found' })
  })
})
