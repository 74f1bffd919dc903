import { describe, expect, it } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import type { OwnWrite } from '../../src/domain/own-echo.js'
import { putHints } from '../../src/ledger/run/inbox.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { dynamicsRows } from './support/person-state.js'
import { once, twistCrm, twistEmarketeer } from './support/twists.js'
import { withWorld, type Twist } from './support/world.js'
import type { SyncSession } from '../../src/connection/session.js'

const world = withWorld()

/** Requests that arrive at both stand-ins during some work; those of Dynamics are `$batch`es and queries. */
async function requestsOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const { emarketeer, dynamics } = world.now.standIns
  const taken = async () => ({
    ...(await emarketeer.get<{ operations: Record<string, number> }>('requests')).operations,
    ...(await dynamics<Record<string, number>>('GET', 'counters')),
  })
  const before = await taken()
  await work()
  const after = await taken()
  return Object.fromEntries(
    Object.entries(after)
      .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
      .filter(([name, count]) => count > 0 && !name.startsWith('status')),
  )
}

/** What eMarketeer's webhook puts into the inbox. */
async function emarketeerTells(changeId = `chg_${randomUUID()}`): Promise<void> {
  const hint = { crmContactId: null, actorUserId: null, saysDeny: false, eventId: changeId }
  await putHints(world.now.db, CONNECTION_ID, [
    { ...hint, source: 'emarketeer', shard: 0, entity: 'change', entityId: changeId },
  ])
}

/** What Dynamics' webhook about a write by our own user puts into the inbox. */
async function dynamicsTells(
  entity: 'contact' | 'subscription',
  entityId: string,
  ownWrite: OwnWrite,
): Promise<void> {
  const crmContactId = entity === 'contact' ? entityId : null
  const hint = { crmContactId, actorUserId: null, saysDeny: false, eventId: randomUUID() }
  await putHints(world.now.db, CONNECTION_ID, [
    { ...hint, source: 'crm', shard: 0, entity, entityId, ownWrite },
  ])
}

const DENY: OwnWrite = { value: 'deny', creates: false }

/** How many hints wait. */
async function waitingHints(): Promise<number> {
  const sql = `SELECT count(*)::int AS n FROM inbox WHERE handled_at IS NULL`
  return (await world.now.db.query<{ n: number }>(sql))[0]!.n
}

/** The id of the newest change in eMarketeer's feed that a write of ours made. */
async function ownChangeId(): Promise<string> {
  const path = 'accounts/1001/feed?from=0'
  const changes = await world.now.standIns.emarketeer.lines<{ id: string; writer: unknown }>(path)
  return changes.filter(({ writer }) => writer !== null).at(-1)!.id
}

const drained = () => requestsOf(() => world.now.drain())

const FEED = 'GET /changes'
const WRITE = 'POST /states/write'
const BATCH = 'POST /api/data/v9.2/$batch'

/** docs/trips.md, "A webhook", says what each request is for. */
describe('a change costs no more requests than the rule asks for', () => {
  it('a deny of the CRM: its records and their rows, the feed, the write', async () => {
    const ann = await world.now.linked()
    await ann.flip('deny')
    await ann.webhook(true)
    expect(await drained()).toEqual({ [BATCH]: 2, [FEED]: 1, [WRITE]: 1 })
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', due: false })
  })

  it('a hint that reports nothing new: its records and their rows', async () => {
    const ann = await world.now.linked()
    await ann.webhook(false)
    expect(await drained()).toEqual({ [BATCH]: 2 })
  })

  it('a deny of eMarketeer: the feed, the records and their rows, the feed, the write', async () => {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    await emarketeerTells()
    expect(await drained()).toEqual({ [BATCH]: 3, [FEED]: 2 })
    expect(await ann.state()).toMatchObject({ toggles: ['deny'], due: false })
  })

  it('an Allow of eMarketeer: the same, in one pass', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.consents('consent')
    await emarketeerTells()
    expect(await drained()).toEqual({ [BATCH]: 3, [FEED]: 2 })
    expect(await ann.state()).toMatchObject({ toggles: ['allow'], due: false })
  })

  it('an Allow of the CRM: as a deny, and who did it, in one pass', async () => {
    const bo = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await bo.flip('allow')
    await world.now.sweep() // Learns that the audit is on.
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.flip('allow')
    await ann.webhook(false)
    // The records, their rows; its entries of the audit, its row as of then, the entry's details.
    expect(await drained()).toEqual({ [BATCH]: 5, [FEED]: 1, [WRITE]: 1 })
    expect(await ann.state()).toMatchObject({ basis: 'consent', due: false })
  })
})

describe("eMarketeer's webhook about a write of ours", () => {
  it('asks for nothing, and the evidence has the write', async () => {
    const ann = await world.now.linked()
    await ann.flip('deny')
    await ann.webhook(true)
    await world.now.drain()
    await emarketeerTells(await ownChangeId())
    expect(await drained()).toEqual({})
    const { db } = world.now
    const written = await db.query(
      `SELECT outcome FROM consent_event_outcomes WHERE side = 'emarketeer' AND record_id = $1`,
      [ann.contactId],
    )
    expect(written).toEqual([{ outcome: 'applied' }])
  })

  it('asks for nothing where it comes before the answer of the write', async () => {
    const ann = await world.now.linked()
    await ann.flip('deny')
    await ann.webhook(true)
    const early = () =>
      world.now.drain((session) =>
        twistEmarketeer(session, 'writeStates', async (call) => {
          const answer = await call()
          await emarketeerTells(await ownChangeId())
          return answer
        }),
      )
    expect(await requestsOf(early)).toEqual({ [BATCH]: 2, [FEED]: 1, [WRITE]: 1 })
  })

  it('leads to a reading where the answer of the write was lost', async () => {
    const ann = await world.now.linked()
    await ann.flip('deny')
    await ann.webhook(true)
    const lost = (session: SyncSession) =>
      twistEmarketeer(session, 'writeStates', async (call) => {
        await call()
        throw new Error('the connection broke')
      })
    await expect(world.now.drain(lost)).rejects.toThrow('the connection broke')
    await emarketeerTells(await ownChangeId())
    expect(await drained()).toMatchObject({ [FEED]: expect.any(Number) })
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', due: false })
  })

  it('hides no act that follows the write', async () => {
    const ann = await world.now.linked()
    await ann.flip('deny')
    await ann.webhook(true)
    await world.now.drain()
    const ownId = await ownChangeId()
    await ann.consents('consent')
    await emarketeerTells(ownId)
    await emarketeerTells()
    await world.now.drain()
    expect(await ann.state()).toMatchObject({ basis: 'consent', toggles: ['allow'], due: false })
  })
})

describe("Dynamics' webhook about a write of ours", () => {
  /** A person whose opt-out in eMarketeer a drain has written to Dynamics. */
  async function withdrawn(twist?: Twist) {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    await emarketeerTells()
    await world.now.drain(twist)
    return ann
  }

  it('asks for nothing and is not stored', async () => {
    const ann = await withdrawn()
    await dynamicsTells('contact', ann.crmIds[0]!, DENY)
    expect(await waitingHints()).toBe(0)
    expect(await drained()).toEqual({})
  })

  it('asks for nothing where it comes before the answer of the write', async () => {
    let stored = 0
    await withdrawn((session) =>
      twistCrm(session, 'write', async (call, writes) => {
        const answer = await call()
        const [write] = writes as readonly { readonly contactId: string }[]
        await dynamicsTells('contact', write!.contactId, DENY)
        stored = await waitingHints()
        return answer
      }),
    )
    expect(stored).toBe(2) // With eMarketeer's, which is being handled.
    expect(await drained()).toEqual({})
    expect(await waitingHints()).toBe(0)
  })

  it('leads to a reading where the answer of the write was lost', async () => {
    const lost: Twist = (session) =>
      twistCrm(session, 'write', async (call) => {
        await call()
        throw new Error('the connection broke')
      })
    await expect(withdrawn(lost)).rejects.toThrow('the connection broke')
    const { rows } = await world.now.standIns.dynamics<{ rows: { id: string }[] }>(
      'GET',
      'rows/contact',
    )
    await dynamicsTells('contact', rows.at(-1)!.id, DENY)
    expect(await drained()).toMatchObject({ [BATCH]: expect.any(Number) })
  })

  it('leads to a reading where a person has set that value', async () => {
    const ann = await world.now.linked()
    await ann.flip('deny')
    await world.now.sweep()
    await dynamicsTells('contact', ann.crmIds[0]!, DENY)
    expect(await drained()).toMatchObject({ [BATCH]: 2 })
  })

  it('hides no act that follows the write', async () => {
    const ann = await withdrawn()
    await ann.flip('allow')
    await dynamicsTells('contact', ann.crmIds[0]!, DENY)
    await ann.webhook(false)
    await world.now.drain()
    expect(await ann.state()).toMatchObject({ basis: 'consent', toggles: ['allow'], due: false })
  })

  it('asks for nothing about a subscription either, made or changed', async () => {
    const ann = await world.now.linked()
    const rowOf = async () => {
      const rows = await dynamicsRows(world.now, 'em_subscriptions')
      return rows.find((row) => row['em_contact'] === ann.crmIds[0])!
    }
    const { id, em_category: category } = await rowOf()
    await dynamicsTells('subscription', id, { value: 'allow', creates: true })
    expect(await waitingHints()).toBe(0)
    await dynamicsTells('subscription', id, { value: 'allow', creates: false })
    expect(await drained()).toEqual({ [BATCH]: 2 })

    const categories = await dynamicsRows(world.now, 'em_subscriptioncategories')
    const { em_categoryid: categoryId } = categories.find((row) => row.id === category)!
    await ann.subscribes(String(categoryId), false)
    await emarketeerTells()
    await world.now.drain()
    expect(await rowOf()).toMatchObject({ em_subscribed: false })
    await dynamicsTells('subscription', id, DENY)
    expect(await waitingHints()).toBe(0)
    expect(await drained()).toEqual({})
    await ann.flipSubscription(String(categoryId), true)
    await world.now.sweep()
    await ann.flipSubscription(String(categoryId), false)
    await world.now.sweep()
    await dynamicsTells('subscription', id, DENY)
    await world.now.timePasses() // The first of two hints about a row is hardly handled.
    expect(await drained()).toEqual({ [BATCH]: 2 })
  })
})

describe('a webhook may make mailable as many as the limit says (F4)', () => {
  it('one with a limit of one', async () => {
    await world.now.configure({ newlyMailableLimit: 1 })
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.consents('consent')
    await emarketeerTells()
    await world.now.drain()
    expect(await ann.state()).toMatchObject({ toggles: ['allow'], waiting: [] })
  })

  it('none of two with a limit of one, and what denies all the same', async () => {
    const people = [
      await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] }),
      await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] }),
    ]
    const bo = await world.now.linked()
    await bo.unsubscribe()
    for (const person of people) {
      await person.consents('consent')
    }
    await emarketeerTells()
    await world.now.drain()
    for (const person of people) {
      expect(await person.state()).toMatchObject({ toggles: ['deny'], waiting: ['held'] })
    }
    expect(await bo.state()).toMatchObject({ toggles: ['deny'] })
    await world.now.decideHeld('approve')
    await world.now.sweep()
  })
})

describe('what happens after the hint has led to a reading', () => {
  it('an opt-out in eMarketeer is passed on by the same drain', async () => {
    const ann = await world.now.linked()
    await ann.edit({ lastname: 'Other' })
    await ann.flip('deny')
    await ann.flip('allow')
    await ann.webhook(false)
    await world.now.drain(once.afterCrmRead(() => ann.unsubscribe()))
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'], due: false })
  })

  it('a deny that another pass has handled meanwhile is not loosened by the older reading', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.flip('allow')
    await ann.webhook(false)
    await world.now.drain(
      once.afterCrmRead(async () => {
        await ann.flip('deny')
        await world.now.sweep()
      }),
    )
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'], due: false })
  })

  it('a deny that comes before the write loses nothing', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.flip('allow')
    await ann.webhook(false)
    await world.now.drain(once.beforeEmarketeerWrite(() => ann.flip('deny')))
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'], due: false })
  })
})
