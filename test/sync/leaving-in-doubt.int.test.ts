import { describe, expect, it } from '@jest/globals'
import type { Purpose } from '../../src/domain/legal-basis.js'
import { catchUpBoth } from '../../src/sync/mirror/catch-up-both.js'
import { preSend } from './support/pre-send.js'
import type { RichPerson } from './support/rich-person.js'
import { withRichWorld } from './support/rich-world.js'
import { withSuperOfficeWorld } from './support/superoffice-world.js'
import type { World } from './support/world.js'

const toy = withRichWorld()
const superoffice = withSuperOfficeWorld()
const worlds = [
  ['a rich CRM', toy, 'toy'],
  ['SuperOffice', superoffice, 'superoffice-online'],
] as const

describe.each(worlds)('a record of %s that leaves while in doubt (F5, R0)', (_, world, crm) => {
  /** Two people at one address. A late write of ours overwrote the older one's withdrawal, and no pass has noticed. */
  async function inDoubt(more: { readonly otherEmails?: string[] } = {}): Promise<RichPerson> {
    const person = await world.now.linked({ rows: ['consent', 'consent'], ...more })
    await person.actsAndIsWrittenLate('contract')
    // They agree without it, so that no pass waits for that write any more.
    person.sets('contract')
    await world.now.pass(person.email)
    expect(await person.state()).toEqual({ e: 'contract', d: ['contract', 'contract'] })
    person.sets('withdrawn')
    world.now.crm.land()
    expect(await person.state()).toEqual({ e: 'contract', d: ['contract', 'contract'] })
    await catchUpBoth(await world.now.session())
    return person
  }

  async function swept(): Promise<void> {
    await world.now.timePasses()
    await world.now.sweep()
  }

  const record = (person: RichPerson, index = 0) => world.now.crm.persons.get(person.ids[index]!)!

  it('leaves as a deny when it is deleted, and the gate says so before any pass', async () => {
    const person = await inDoubt()
    person.deleted()
    const ask = { contactIds: [person.contactId], crm, tolerant: true }
    const asked = await preSend(
      {
        db: world.now.db,
        // Nothing can be written: the gate only knows that the record has left.
        session: async () => {
          const session = await world.now.session('preSend')
          return { ...session, emarketeer: refusing(session.emarketeer, 'writeStates') }
        },
      } as unknown as World,
      { ...ask, afterProof: () => Promise.resolve((world.now.crm.switches.holdWrites = true)) },
    )
    world.now.crm.switches.holdWrites = false
    expect(asked.verdicts[person.contactId]).not.toBe('eligible')
    expect(asked.list).toEqual([])
    await swept()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
  })

  it('leaves as a deny when it gets another address, and is withdrawn there too', async () => {
    const there = await world.now.linked({ basis: 'consent' })
    const person = await inDoubt()
    record(person).emails = [there.email]
    await swept()
    await swept()
    expect(await person.state()).toMatchObject({ e: 'withdrawn' })
    expect(world.now.crm.value(person.ids[1]!)).toBe('withdrawn')
    expect(world.now.crm.value(person.ids[0]!)).toBe('withdrawn')
    expect(await there.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
  })

  it('leaves as a deny when it loses its address', async () => {
    const person = await inDoubt()
    record(person).emails = []
    await swept()
    expect(await person.state()).toMatchObject({ e: 'withdrawn' })
    expect(world.now.crm.value(person.ids[1]!)).toBe('withdrawn')
  })

  it('leaves a secondary address as a deny, once (C5)', async () => {
    const other = await world.now.person()
    const person = await inDoubt({ otherEmails: [other.email] })
    record(person).emails = [person.email]
    await swept()
    await swept()
    expect(await other.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    await other.acts('consent')
    await swept()
    expect(await other.state()).toEqual({ e: 'consent', d: ['consent'] })
  })

  it('has withdrawn its secondary addresses when the doubt is settled at the primary one (C5)', async () => {
    const other = await world.now.person()
    const person = await inDoubt({ otherEmails: [other.email] })
    await swept()
    await swept()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn', 'withdrawn'] })
    expect(await other.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
  })

  it('is in doubt still when it comes back', async () => {
    const person = await inDoubt()
    person.deleted()
    await world.now.timePasses()
    await world.now
      .sweep((session) => ({
        ...session,
        emarketeer: refusing(session.emarketeer, 'writeStates'),
      }))
      .catch(() => undefined)
    record(person).deleted = false
    await swept()
    await swept()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn', 'withdrawn'] })
  })

  it('is doubted when a write of ours lands after it came back, though it left in peace', async () => {
    const person = await world.now.linked({ rows: ['consent', 'consent'] })
    await person.actsAndIsWrittenLate('contract')
    person.sets('contract')
    await world.now.pass(person.email)
    person.deleted()
    await swept()
    expect(await person.state()).toEqual({ e: 'contract', d: ['contract'] })
    record(person).deleted = false
    person.sets('withdrawn')
    world.now.crm.land()
    await swept()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn', 'withdrawn'] })
  })

  /** The last contact in eMarketeer leaves the person's address. */
  async function leftInEmarketeer({ contactId, email }: RichPerson): Promise<void> {
    const moved = { contactId, email: `to-${email}` }
    await world.now.emarketeer.post('accounts/1001/change-email', moved)
    await swept()
  }

  it('is doubted when a write of ours lands on it after eMarketeer lost its address', async () => {
    const there = await world.now.linked({ basis: 'contract', rows: [] })
    const person = await world.now.linked({ basis: 'consent' })
    await person.actsAndIsWrittenLate('contract')
    await leftInEmarketeer(person)
    person.sets('withdrawn')
    world.now.crm.land()
    record(person).emails = [there.email]
    await swept()
    await swept()
    expect(world.now.crm.value(person.ids[0]!)).toBe('withdrawn')
    expect(await there.state()).toMatchObject({ e: 'withdrawn' })
  })

  it('takes along that its basis is ours after eMarketeer lost its address: a saved card sets nothing', async () => {
    const there = await world.now.linked({ basis: 'none', rows: [] })
    const person = await world.now.linked({ basis: 'consent', rows: ['none'] })
    expect(await person.state()).toEqual({ e: 'consent', d: ['consent'] })
    person.sets('consent')
    await leftInEmarketeer(person)
    record(person).emails = [there.email]
    await swept()
    await swept()
    expect(await there.state()).toMatchObject({ e: 'none' })
  })

  it('leaves in peace where nothing is in doubt, and takes nothing from anybody', async () => {
    const person = await world.now.linked({ rows: ['consent', 'consent'] })
    const there = await world.now.linked({ basis: 'contract' })
    await person.acts('contract')
    await swept()
    record(person).emails = [there.email]
    await swept()
    await swept()
    expect(await person.state()).toMatchObject({ e: 'contract' })
    expect(await there.state()).toEqual({ e: 'contract', d: ['contract'] })
    expect(world.now.crm.value(person.ids[0]!)).toBe('contract')
  })
})

describe.each([
  ['a rich CRM', toy],
  ['SuperOffice', superoffice],
] as const)('a withdrawal in %s whose record leaves before a pass', (_, world) => {
  it('is not overruled by an act in eMarketeer that may be the earlier one', async () => {
    const person = await world.now.linked({ rows: ['consent', 'consent'] })
    await person.acts('contract')
    person.sets('withdrawn')
    await catchUpBoth(await world.now.session())
    person.deleted()
    await world.now.timePasses()
    await world.now.sweep()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
  })

  it('gives way to an act that comes after eMarketeer was withdrawn', async () => {
    const person = await world.now.linked({ rows: ['consent', 'consent'] })
    person.sets('withdrawn')
    await catchUpBoth(await world.now.session())
    person.deleted()
    await world.now.timePasses()
    await world.now.sweep()
    await person.acts('legitimateInterest')
    await world.now.sweep()
    expect(await person.state()).toEqual({ e: 'legitimateInterest', d: ['legitimateInterest'] })
  })
})

describe.each([
  ['a rich CRM', toy],
  ['SuperOffice', superoffice],
] as const)(
  'a new epoch of a connection to %s (a restore, or a link created again)',
  (_, world) => {
    const newEpoch = () => world.now.db.query(`UPDATE connections SET epoch = epoch + 1`)
    const record = (person: RichPerson) => world.now.crm.persons.get(person.ids[0]!)!

    it('lets a withdrawal that the older one knew stay where its record was', async () => {
      const person = await world.now.linked({ basis: 'withdrawn' })
      // The content of a copy of eMarketeer from before the withdrawal.
      await person.acts('consent')
      person.join('consent')
      await newEpoch()
      person.deleted()
      await world.now.timePasses()
      await world.now.sweep()
      expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    })

    it('lets a withdrawal stay at a secondary address, though it had arrived there (C5)', async () => {
      const other = await world.now.person()
      const person = await world.now.linked({ otherEmails: [other.email] })
      person.sets('withdrawn')
      await world.now.sweep()
      expect(await other.state()).toMatchObject({ e: 'withdrawn' })
      await other.acts('consent')
      await world.now.sweep()
      await newEpoch()
      record(person).emails = [person.email]
      await world.now.timePasses()
      await world.now.sweep()
      await world.now.sweep()
      expect(await other.state()).toMatchObject({ e: 'withdrawn' })
    })

    it('lets a withdrawal at a secondary address reach the person, though that version had (C5)', async () => {
      const other = await world.now.person()
      const person = await world.now.linked({ otherEmails: [other.email] })
      await other.acts('withdrawn')
      await world.now.sweep()
      expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
      person.sets('consent')
      await world.now.sweep()
      expect(await person.state()).toEqual({ e: 'consent', d: ['consent'] })
      // eMarketeer was restored, and somebody withdrew again: the same version occurs once more.
      await newEpoch()
      await world.now.timePasses()
      await world.now.db.query(`UPDATE addresses SET dirty_tick = nextval('ledger_tick')`)
      await world.now.sweep()
      expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    })
  },
)

describe('a record of a rich CRM of which something cannot be read', () => {
  const rowOf = (person: RichPerson, purpose: Purpose = 'marketingSendouts') => {
    return toy.now.crm.persons.get(person.ids[0]!)!.rows.get(purpose)!
  }
  const newEpoch = () => toy.now.db.query(`UPDATE connections SET epoch = epoch + 1`)

  /** Its value is unreadable, and unchanged. */
  function hide(person: RichPerson, purpose: Purpose = 'marketingSendouts'): () => void {
    const row = rowOf(person, purpose)
    const { value } = row
    row.value = null
    toy.now.crm.changedAt.set(person.ids[0]!, ++toy.now.crm.sequence)
    return () => {
      row.value = value
      toy.now.crm.changedAt.set(person.ids[0]!, ++toy.now.crm.sequence)
    }
  }

  async function swept(): Promise<void> {
    await toy.now.timePasses()
    await toy.now.sweep()
  }

  it('is doubted where it comes to when a write of ours lands there (R0)', async () => {
    const there = await toy.now.linked({ basis: 'consent' })
    const person = await toy.now.linked({ basis: 'consent' })
    await person.actsAndIsWrittenLate('contract')
    const show = hide(person)
    await swept()
    toy.now.crm.persons.get(person.ids[0]!)!.emails = [there.email]
    await swept()
    show()
    person.sets('withdrawn')
    toy.now.crm.land()
    await swept()
    await swept()
    expect(await there.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    expect(toy.now.crm.value(person.ids[0]!)).toBe('withdrawn')
  })

  it('has not been observed in a new epoch: what we wrote there may be forgotten (R0)', async () => {
    const person = await toy.now.linked({ basis: 'consent' })
    person.sets('withdrawn')
    toy.now.crm.set(person.ids[0]!, 'marketingSendouts', 'consent', 'us')
    const show = hide(person)
    await toy.now.db.query(`UPDATE cells SET seen = NULL`)
    await newEpoch()
    await swept()
    show()
    await swept()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
  })

  it('is doubted at the address that it comes to in a new epoch before any pass (R0)', async () => {
    const there = await toy.now.linked({ basis: 'consent' })
    const person = await toy.now.linked({ basis: 'consent' })
    person.sets('withdrawn')
    toy.now.crm.set(person.ids[0]!, 'marketingSendouts', 'consent', 'us')
    await toy.now.db.query(`UPDATE cells SET seen = NULL`)
    await newEpoch()
    toy.now.crm.persons.get(person.ids[0]!)!.emails = [there.email]
    await swept()
    await swept()
    expect(await there.state()).toMatchObject({ e: 'withdrawn' })
    expect(toy.now.crm.value(person.ids[0]!)).toBe('withdrawn')
  })

  it('lets those beside it keep what they took along: their cell was not observed', async () => {
    const there = await toy.now.linked({ basis: 'consent' })
    const person = await toy.now.linked({ basis: 'consent' })
    const beside = await toy.now.linked({ basis: 'consent', rows: [] })
    toy.now.crm.persons.get(person.ids[0]!)!.emails = [beside.email]
    const unread = toy.now.crm.add([beside.email], { marketingSendouts: 'consent' })
    beside.ids.push(person.ids[0]!, unread.id)
    await swept()
    expect(await beside.state()).toEqual({ e: 'consent', d: ['consent', 'consent'] })
    const row = unread.rows.get('marketingSendouts')!
    row.value = null
    toy.now.crm.changedAt.set(unread.id, ++toy.now.crm.sequence)
    await swept()
    // It moves elsewhere, is written to there, and comes back while that write is in progress.
    toy.now.crm.persons.get(person.ids[0]!)!.emails = [there.email]
    await swept()
    await there.actsAndIsWrittenLate('contract')
    toy.now.crm.persons.get(person.ids[0]!)!.emails = [beside.email]
    await swept()
    row.value = 'consent'
    toy.now.crm.changedAt.set(unread.id, ++toy.now.crm.sequence)
    // Withdrawn, overwritten by our late write, and the card saved.
    person.sets('withdrawn')
    toy.now.crm.land()
    toy.now.crm.saveAgain(person.ids[0]!, 'marketingSendouts')
    await swept()
    await swept()
    expect(await beside.state()).toMatchObject({ e: 'withdrawn' })
  })
})

function refusing<T extends object>(target: T, name: string): T {
  return new Proxy(target, {
    get: (object, property) =>
      property === name
        ? () => Promise.reject(new Error('no answer'))
        : (Reflect.get(object, property, object) as unknown),
  })
}
