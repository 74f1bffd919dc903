import { describe, expect, it } from '@jest/globals'
import { findSendoutRun, type SendoutRun } from '../../src/ledger/sendout/sendouts.js'
import { membersAt } from '../../src/ledger/sendout/sendout-members.js'
import { decideMembers } from '../../src/sync/sendout/decide-members.js'
import { fixAudience } from '../../src/sync/sendout/fix-audience.js'
import type { SyncSession } from '../../src/connection/session.js'
import { CONNECTION_ID } from './support/open-systems.js'
import type { Person } from './support/person.js'
import { preSend, readList, type Sent } from './support/pre-send.js'
import { twistEmarketeer } from './support/twists.js'
import { withWorld, type World } from './support/world.js'

const world = withWorld()

/** A sendout to two people whose last look failed, so that it was closed with nobody verified; and its run. */
async function withoutLastLook(): Promise<{ sent: Sent; run: SendoutRun; session: SyncSession }> {
  const people: readonly Person[] = [await world.now.person(), await world.now.person()]
  await world.now.sweep()
  const session = await world.now.session('preSend')
  let isOut = false
  const around = (call: () => Promise<unknown>) =>
    isOut ? Promise.reject(new Error('no answer')) : call()
  const twisted = twistEmarketeer(session, 'changes', around)
  const sent = await preSend(
    { db: world.now.db, session: () => Promise.resolve(twisted) } as unknown as World,
    {
      contactIds: people.map((person) => person.contactId),
      proof: 'direct',
      tolerant: true,
      afterSync: () => Promise.resolve((isOut = true)),
      afterDecision: () => Promise.resolve((isOut = false)),
    },
  )
  return { sent, run: (await findSendoutRun(world.now.db, session.run.runId))!, session }
}

describe('a decision that was given up, and goes on', () => {
  it('changes nothing of what was reported', async () => {
    const { sent, run, session } = await withoutLastLook()
    expect(sent.result).toMatchObject({ eligible: 0, excluded: { notVerified: 2 } })
    await decideMembers(session, run)
    expect(await readList(world.now, run.sendoutId)).toEqual([])
  })

  it('judges nobody more, however many there are', async () => {
    const { run, session } = await withoutLastLook()
    let judged = 0
    const snapshot: SyncSession['db']['snapshot'] = (work) => {
      judged += 1
      return session.db.snapshot(work)
    }
    const counted = { ...session, db: { ...session.db, snapshot } }
    await decideMembers(counted, { ...run, targeted: 1_000_000 })
    // Two are judged at once.
    expect(judged).toBeLessThanOrEqual(2)
  })

  it('ends on an abort', async () => {
    const { run, session } = await withoutLastLook()
    const stop = new AbortController()
    const looked = twistEmarketeer(session, 'changes', async (call) => {
      const page = await call()
      stop.abort(new Error('given up'))
      return page
    })
    const call = { ...session.call, signal: stop.signal }
    await expect(decideMembers({ ...looked, call }, run)).rejects.toThrow('given up')
  })
})

describe('an audience that was given up, and is still being stored', () => {
  it('adds nobody to a closed run', async () => {
    const { run, session } = await withoutLastLook()
    const late = await world.now.person()
    const members = await membersAt(world.now.db, run.sendoutRunId, [0, 1, 2])
    await fixAudience(session, run, {
      connectionId: CONNECTION_ID,
      sendoutId: run.sendoutId,
      stage: 'send',
      contactIds: [...members.map(({ contactId }) => contactId), late.contactId],
      channel: 'email',
      categoryId: null,
      transactional: false,
    })
    expect(await membersAt(world.now.db, run.sendoutRunId, [0, 1, 2])).toEqual(members)
    expect(await findSendoutRun(world.now.db, run.sendoutRunId)).toEqual(run)
  })
})
