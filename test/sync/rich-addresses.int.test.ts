import { describe, expect, it } from '@jest/globals'
import { findAddresses } from '../../src/ledger/address/addresses.js'
import { countDisagreements, disagreementsAt } from '../../src/ledger/copy/connection-counts.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { preSend } from './support/pre-send.js'
import type { RichPerson } from './support/rich-person.js'
import { withRichWorld } from './support/rich-world.js'
import type { World } from './support/world.js'

const world = withRichWorld()

async function verdictOf(person: RichPerson, transactional = false): Promise<unknown> {
  const ask = { contactIds: [person.contactId], crm: 'toy', transactional }
  const { verdicts } = await preSend(world.now as unknown as World, ask)
  return verdicts[person.contactId]
}

/** A person in the CRM with two addresses, both known to eMarketeer. */
async function withTwoAddresses(): Promise<{ home: RichPerson; other: RichPerson }> {
  const other = await world.now.person({ rows: [] })
  const home = await world.now.linked({ otherEmails: [other.email] })
  return { home, other }
}

describe('a secondary address of a CRM person (C5)', () => {
  it('follows their withdrawal once, and closes the gate immediately', async () => {
    const { home, other } = await withTwoAddresses()
    home.sets('withdrawn')
    expect(await verdictOf(other)).toBe('consentWithdrawn')
    await world.now.sweep()
    expect(await other.state()).toEqual({ e: 'withdrawn', d: [] })
    expect((await other.events()).map(({ line, movedSide }) => [line, movedSide])).toEqual([
      ['R3', 'crm'],
    ])
  })

  it('keeps a later consent there, but is not mailed while the person is withdrawn', async () => {
    const { home, other } = await withTwoAddresses()
    home.sets('withdrawn')
    await world.now.sweep()
    await other.acts('consent')
    await world.now.sweep()
    expect(await other.state()).toEqual({ e: 'consent', d: [] })
    expect(await verdictOf(other)).toBe('consentWithdrawn')
    home.sets('consent')
    await world.now.sweep()
    expect(await verdictOf(other)).toBe('eligible')
  })

  it('has its withdrawal in eMarketeer written to the person once, through the primary cell', async () => {
    const { home, other } = await withTwoAddresses()
    await other.acts('withdrawn')
    expect(await verdictOf(home)).toBe('consentWithdrawn')
    await world.now.sweep()
    expect(await home.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    home.sets('consent')
    await world.now.sweep()
    expect(await home.state()).toEqual({ e: 'consent', d: ['consent'] })
  })

  it('is never an allow: it fills nothing, and nothing is written to the person for it', async () => {
    const { home, other } = await withTwoAddresses()
    await other.acts('contract')
    await world.now.sweep()
    expect(await home.state()).toEqual({ e: 'consent', d: ['consent'] })
    expect(await other.events()).toEqual([])
  })

  it('keeps a withdrawal that nobody had passed on when the person is deleted', async () => {
    const { home, other } = await withTwoAddresses()
    home.sets('withdrawn')
    await world.now.pass(home.email)
    await world.now.db.query(
      `UPDATE crm_other_addresses SET arrived = '{}' WHERE crm_contact_id = $1`,
      [home.ids[0]],
    )
    await other.acts('consent')
    home.deleted()
    await world.now.timePasses()
    await world.now.sweep()
    expect(await other.state()).toEqual({ e: 'withdrawn', d: [] })
  })

  it('does not run on through everybody who shares an address', async () => {
    const shared = await world.now.person({ rows: [] })
    const first = await world.now.person({ otherEmails: [shared.email] })
    const second = await world.now.linked({ otherEmails: [shared.email] })
    first.sets('withdrawn')
    await world.now.sweep()
    await world.now.pass(second.email)
    expect(await shared.state()).toEqual({ e: 'withdrawn', d: [] })
    expect(await second.state()).toEqual({ e: 'consent', d: ['consent'] })
  })

  it('that was the primary one has not ended', async () => {
    const old = await world.now.linked()
    const next = await world.now.person({ rows: [] })
    world.now.crm.persons.get(old.ids[0]!)!.emails = [next.email, old.email]
    await world.now.walkIsDue()
    await world.now.sweep()
    expect(await verdictOf(old)).toBe('eligible')
    world.now.crm.persons.get(old.ids[0]!)!.deleted = true
    await world.now.walkIsDue()
    await world.now.sweep()
    expect(await verdictOf(old)).toBe('deletedInCrm')
  })
})

describe('persons who share an address', () => {
  it.each([2, 50])(
    '%i of them: none that is withdrawn is loosened, and none is mailed',
    async (count) => {
      const person = await world.now.linked()
      for (let n = 1; n < count; n += 1) {
        person.join(n % 3 === 1 ? 'withdrawn' : n % 3 === 2 ? 'none' : 'contract')
      }
      await world.now.walkIsDue()
      await world.now.sweep()
      await person.acts('legitimateInterest')
      await world.now.sweep()
      const { e, d } = await person.state()
      expect(e).toBe('legitimateInterest')
      expect(d).toEqual(
        d.map((_, n) => (n > 0 && n % 3 === 1 ? 'withdrawn' : 'legitimateInterest')),
      )
      expect(await verdictOf(person)).toBe('consentWithdrawn')
    },
  )

  it('are counted and shown where they disagree', async () => {
    const { db } = world.now
    const before = await countDisagreements(db, CONNECTION_ID)
    const person = await world.now.linked({ rows: ['consent', 'withdrawn', 'consent'] })
    await world.now.linked({ rows: ['withdrawn', 'withdrawn'], basis: 'withdrawn' })
    expect(await countDisagreements(db, CONNECTION_ID)).toBe(before + 1)
    const [address] = [...(await findAddresses(db, CONNECTION_ID, [person.email])).values()]
    expect(await disagreementsAt(db, CONNECTION_ID, address!)).toEqual([
      { addressId: address, purpose: 'marketingSendouts', withdrawn: 1, others: 2 },
    ])
  })

  it('all follow a withdrawal', async () => {
    const person = await world.now.linked({ rows: ['consent', 'contract', 'none'] })
    await person.acts('withdrawn')
    await world.now.sweep()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: Array(3).fill('withdrawn') })
  })

  it('keep out of every sendout, a transactional one too, while one may not be stored', async () => {
    const person = await world.now.linked({ rows: ['consent', 'consent'] })
    person.sets('withdrawn', 1, 'storeAndProcess')
    expect(await verdictOf(person, true)).toBe('storeNotAllowed')
    expect(await verdictOf(person)).toBe('storeNotAllowed')
  })
})

describe('what no change reports', () => {
  it('a person who joins, or leaves, is found by the walk over all addresses', async () => {
    const person = await world.now.linked({ rows: [] })
    const { crm, db } = world.now
    person.join('withdrawn')
    crm.changedAt.clear()
    await world.now.sweep()
    expect(await person.state()).toMatchObject({ e: 'consent' })
    await world.now.walkIsDue()
    await world.now.sweep()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    const [walk] = await db.query<{ after: number | null; walked: Date | null }>(
      `SELECT crm_walk_after AS after, crm_walked_at AS walked FROM connections`,
    )
    expect(walk!.walked).not.toBeNull()
  })
})
