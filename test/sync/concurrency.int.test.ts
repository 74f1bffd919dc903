import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { findAddresses } from '../../src/ledger/address/addresses.js'
import { acquireLeases } from '../../src/ledger/address/leases.js'
import { syncAddresses } from '../../src/sync/run/sync-addresses.js'
import { catchUpBoth } from '../../src/sync/mirror/catch-up-both.js'
import type { SyncSession } from '../../src/connection/session.js'
import type { Systems } from '../../src/connection/systems.js'
import { CONNECTION_ID, openSystems } from './support/open-systems.js'
import type { Person } from './support/person.js'
import { twistCrm } from './support/twists.js'
import { withWorld } from './support/world.js'

const world = withWorld()
const DIRECT = { reading: 'direct', loosening: 'apply' } as const

/** A session that does not wait for an address that another pass holds. */
async function givingUpWhenBusy(): Promise<SyncSession> {
  const session = await world.now.session()
  const giveUp = new AbortController()
  const call = { ...session.call, signal: giveUp.signal }
  return { ...session, call, heartbeat: () => giveUp.abort() }
}

async function idsOf(people: readonly Person[]): Promise<number[]> {
  const emails = people.map((person) => person.email)
  return [...(await findAddresses(world.now.db, CONNECTION_ID, emails)).values()]
}

describe('two concurrent processes', () => {
  let otherDb: Database
  let other: Systems

  beforeAll(() => {
    otherDb = openDatabase(world.now.databases.url, { maxConnections: 4 })
    other = openSystems(otherDb, world.now.standIns)
  })
  afterAll(async () => {
    other.close()
    await otherDb.close()
  })

  it('end as one after the other, with one event a decision and no write done twice (F2)', async () => {
    const people: Person[] = []
    for (let n = 0; n < 20; n += 1) {
      people.push(await world.now.person({ basis: n % 2 ? 'consent' : 'legitimateInterest' }))
    }
    await world.now.sweep()
    for (const [n, person] of people.entries()) {
      await (n % 2 ? person.unsubscribe() : person.flip('deny'))
    }
    const ids = await idsOf(people)
    const before = await world.now.traffic()
    const mine = await world.now.session('sweep')
    const theirs = await world.now.session('preSend', other)
    const [a, b] = await Promise.all([
      syncAddresses(mine, ids, DIRECT),
      syncAddresses(theirs, [...ids].reverse(), DIRECT),
    ])
    expect([...a.leftOver, ...b.leftOver]).toEqual([])
    for (const person of people) {
      expect(await person.state()).toMatchObject({
        basis: 'withdrawn',
        toggles: ['deny'],
        due: false,
      })
      expect(await person.events()).toHaveLength(1)
    }
    const after = await world.now.traffic()
    expect(after.emarketeerChanges - before.emarketeerChanges).toBe(10)
    expect(a.counts.crmWrites + b.counts.crmWrites).toBe(10)
    expect(a.counts.emarketeerWrites + b.counts.emarketeerWrites).toBe(10)
  })

  it('may both read the feed and the deltas: each change is taken once', async () => {
    const people = [await world.now.linked(), await world.now.linked()]
    await people[0]!.unsubscribe()
    await people[1]!.flip('deny')
    await Promise.all([
      catchUpBoth(await world.now.session('sweep')),
      catchUpBoth(await world.now.session('sweep', other)),
    ]).catch((error: unknown) => {
      throw error
    })
    await world.now.sweep()
    for (const person of people) {
      expect(await person.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
      expect(await person.events()).toHaveLength(1)
    }
  })

  it('may sweep and drain at the same time', async () => {
    const people: Person[] = []
    for (let n = 0; n < 6; n += 1) {
      people.push(await world.now.linked())
    }
    for (const person of people) {
      await person.flip('deny')
      await person.webhook(true)
    }
    await Promise.all([world.now.sweep(), world.now.drain()])
    for (const person of people) {
      expect(await person.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
      expect(await person.events()).toHaveLength(1)
    }
  })
})

describe('leases', () => {
  it('let a pass that was overtaken store and send nothing more', async () => {
    const ann = await world.now.linked()
    const ids = await idsOf([ann])
    await ann.flip('deny')
    await ann.subscribes('c1', false)
    const session = await givingUpWhenBusy()
    let readings = 0
    const late = twistCrm(session, 'read', async (call) => {
      const answer = await call()
      readings += 1
      await world.now.timePasses() // The lease expires, and another pass takes it.
      await acquireLeases(world.now.db, '6a1f6a0e-0000-4000-8000-000000000001', ids)
      return answer
    })
    const before = await world.now.traffic()
    await expect(syncAddresses(late, ids, DIRECT)).rejects.toThrow('aborted')
    expect(readings).toBeGreaterThan(0)
    expect(await world.now.traffic()).toEqual(before)
    await world.now.timePasses()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', rows: ['c1:false', 'c2:true'] })
  }, 480_000)

  it('let a pass that was overtaken during its write take nothing over but evidence, and another one notice', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    const ids = await idsOf([ann])
    await ann.consents('legitimateInterest')
    const session = await givingUpWhenBusy()
    const late = twistCrm(session, 'write', async (call) => {
      const answer = await call()
      await world.now.timePasses()
      await acquireLeases(world.now.db, '6a1f6a0e-0000-4000-8000-000000000002', ids)
      return answer
    })
    await expect(syncAddresses(late, ids, DIRECT)).rejects.toThrow('aborted')
    const [event] = await ann.events()
    const outcomes = await world.now.db.query(
      `SELECT outcome FROM consent_event_outcomes WHERE event_id = $1`,
      [event!.eventId],
    )
    expect(outcomes).toEqual([{ outcome: 'applied' }])
    expect(await ann.state()).toMatchObject({ due: true })
    await world.now.timePasses()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'legitimateInterest', toggles: ['allow'] })
  })
})
