import { describe, expect, it } from '@jest/globals'
import type { Person } from './support/person.js'
import { withWorld } from './support/world.js'

const world = withWorld()
const newAddress = (() => {
  let n = 1
  return () => `moved${n++}@example.com`
})()

describe('several records at one address', () => {
  it.each([
    [['allow', 'deny']],
    [['deny', 'allow', 'allow']],
    [['allow', 'allow', 'allow', 'allow', 'deny']],
  ] as const)('denies everywhere when one of %j denies', async (toggles) => {
    const ann = await world.now.person({ toggles: [...toggles] })
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({
      basis: 'withdrawn',
      toggles: toggles.map(() => 'deny'),
      due: false,
    })
  })

  it('writes an opt-out to all of them, and an Allow after it', async () => {
    const ann = await world.now.linked({ toggles: ['allow', 'allow', 'allow'] })
    await ann.unsubscribe()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ toggles: ['deny', 'deny', 'deny'] })
    await ann.consents('contract')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({
      basis: 'contract',
      toggles: ['allow', 'allow', 'allow'],
    })
    expect(await ann.events()).toHaveLength(2)
  })

  it('does not take one Allow among denying twins for a flip', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny', 'deny'] })
    await ann.flip('allow', 'Sales Rep', 1)
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny', 'deny'] })
  })

  it('takes no record that joins for an act, but its deny counts', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    const bo = await world.now.linked({ basis: 'legitimateInterest' })
    await ann.anotherRecord('allow')
    await bo.anotherRecord('deny')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny', 'deny'] })
    expect(await bo.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny', 'deny'] })
  })
})

describe('a merge in Dynamics', () => {
  it('keeps the opt-out of the record that is merged away (F5)', async () => {
    const ann = await world.now.person({ basis: 'none', toggles: ['allow', 'allow'] })
    await world.now.sweep()
    await ann.flip('deny', 'Sales Rep', 1)
    await ann.merge(0, 1)
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'], due: false })
  })

  it('keeps the opt-out of a record that came and was merged away before anybody read it', async () => {
    const ann = await world.now.linked()
    await ann.anotherRecord('deny')
    await ann.merge(0, 1)
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'], due: false })
  })

  it('keeps an opt-out that had already crossed', async () => {
    const ann = await world.now.linked({ toggles: ['allow', 'allow'] })
    await ann.flip('deny', 'Sales Rep', 1)
    await world.now.sweep()
    await ann.merge(0, 1)
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it('takes the rows over, a No wins, and those of the lost record go', async () => {
    const ann = await world.now.linked({ toggles: ['allow', 'allow'] })
    expect((await ann.state()).rows).toHaveLength(4)
    await ann.flipSubscription('c1', false, 1)
    await ann.merge(0, 1)
    await world.now.sweep()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({
      basis: 'consent',
      toggles: ['allow'],
      subscriptions: { c1: false, c2: true },
      rows: ['c1:false', 'c2:true'],
      due: false,
    })
  })
})

describe('a record that leaves', () => {
  it('ends the link when it is deactivated, and starts afresh when it comes back', async () => {
    const ann = await world.now.linked({ basis: 'legitimateInterest' })
    await ann.deactivated()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({
      basis: 'legitimateInterest',
      toggles: [],
      due: false,
    })
    await ann.edit({ statecode: 0, statuscode: 1, donotbulkemail: true })
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it('leaves its opt-out behind, also one that we had not yet passed on', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny', 'deny'] })
    await ann.deletedInCrm(1)
    await ann.flip('allow', 'Sales Rep', 0)
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  // The withdrawal has a given time: by the table (T3), the flip lifts it only if its own time is provably later.
  it.each([
    ['suppresses it when it returns, if no flip is provably later', 3_600_000, 'withdrawn', 'deny'],
    ['takes a flip that is provably later when it returns', -3_600_000, 'consent', 'allow'],
  ])(
    'ends the link when the contact is deleted in eMarketeer, and %s (F5)',
    async (_, withdrawnMs, basis, toggle) => {
      const ann = await world.now.person({ basis: null, toggles: ['deny'] })
      const contactId = await withdrawnSince(ann, withdrawnMs)
      // A seed is not in the feed; this shows the contact.
      await ann.subscribes('c2', false)
      await world.now.sweep()
      expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
      await world.now.standIns.emarketeer.post('accounts/1001/delete-contacts', {
        contactIds: [contactId],
      })
      await world.now.sweep()
      expect(await ann.state()).toMatchObject({ basis: null, toggles: ['deny'], due: false })
      await ann.flip('allow')
      await world.now.sweep()
      const again = await world.now.person({ email: ann.email, basis: 'none', toggles: [] })
      expect(await again.state()).toMatchObject({ basis: 'withdrawn', toggles: ['allow'] })
      await world.now.sweep()
      expect(await again.state()).toMatchObject({ basis, toggles: [toggle] })
    },
  )

  // After the record is gone, only the ledger knows of its deny; the other record's Allow is stamped, and earlier.
  it.each<[string, (leaves: Leaves) => Promise<void>]>([
    [
      'was read, but not written, and leaves before the contact is deleted',
      async ({ ann, contactIsDeleted }) => {
        await world.now.sweep().catch(() => undefined)
        await ann.deletedInCrm(1)
        await world.now.read()
        await contactIsDeleted()
      },
    ],
    [
      'no pass has seen, and leaves before the contact is deleted',
      async ({ ann, contactIsDeleted }) => {
        await ann.deactivated(1)
        await world.now.read()
        await contactIsDeleted()
      },
    ],
    [
      'no pass has seen, and leaves after the contact was deleted',
      async ({ ann, contactIsDeleted }) => {
        await contactIsDeleted()
        await ann.deactivated(1)
        await world.now.read()
      },
    ],
  ])(
    'leaves a deny behind that %s, for the contact that is created again (F5)',
    async (_, leaves) => {
      const ann = await world.now.person({ basis: null, toggles: ['deny', 'deny'] })
      const contactId = await withdrawnSince(ann, -3_600_000)
      // A seed is not in the feed; this shows the contact.
      await ann.subscribes('c2', false)
      await world.now.sweep()
      expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny', 'deny'] })
      await ann.flip('allow', 'Sales Rep', 0)
      await ann.flip('allow', 'Sales Rep', 1)
      await world.now.refuseWrites()
      await ann.flip('deny', 'Sales Rep', 1)
      await leaves({
        ann,
        contactIsDeleted: async () => {
          await world.now.standIns.emarketeer.post('accounts/1001/delete-contacts', {
            contactIds: [contactId],
          })
          await world.now.timePasses()
          await world.now.sweep().catch(() => undefined)
        },
      })
      await world.now.clearFaults()
      await world.now.timePasses()
      const again = await world.now.linked({ email: ann.email, basis: 'none', toggles: [] })
      expect(await again.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    },
  )

  it.each<[string, (ann: Person) => readonly (() => Promise<void>)[]]>([
    ['record', (ann) => [() => ann.deletedInCrm(), () => ann.deletedInEmarketeer()]],
    ['contact', (ann) => [() => ann.deletedInEmarketeer(), () => ann.deletedInCrm()]],
  ])(
    'leaves nothing behind that eMarketeer had taken over, so that a returning person may consent: the %s first',
    async (_, leaving) => {
      const ann = await world.now.linked()
      await ann.flip('deny')
      await world.now.sweep()
      expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
      for (const leaves of leaving(ann)) {
        await leaves()
        await world.now.sweep()
      }
      const again = await world.now.linked({ email: ann.email, basis: 'contract', toggles: [] })
      expect(await again.state()).toMatchObject({ basis: 'contract' })
    },
  )

  it('starts withdrawn in eMarketeer what is deleted and created again in Dynamics', async () => {
    const ann = await world.now.linked()
    await ann.flip('deny')
    await world.now.sweep()
    await ann.deletedInCrm()
    await world.now.sweep()
    await ann.anotherRecord('allow')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })
})

describe('a changed e-mail address', () => {
  it('takes a withdrawal along in Dynamics, and leaves it on the old address (F5)', async () => {
    const ann = await world.now.linked()
    const other = await world.now.linked({ basis: 'legitimateInterest', toggles: [] })
    await ann.unsubscribe()
    await world.now.sweep()
    await ann.edit({ emailaddress1: other.email })
    await ann.flip('allow')
    await world.now.sweep()
    expect(await other.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: [] })
  })

  it('takes a withdrawal along that Dynamics did not show yet', async () => {
    const ann = await world.now.linked()
    const other = await world.now.linked({ basis: 'consent', toggles: [] })
    await ann.unsubscribe()
    await ann.edit({ emailaddress1: other.email })
    await world.now.sweep()
    expect(await other.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it('takes a No along, category by category', async () => {
    const ann = await world.now.linked()
    const other = await world.now.linked({ toggles: [] })
    await ann.subscribes('c2', false)
    await world.now.sweep()
    await ann.edit({ emailaddress1: other.email })
    await world.now.sweep()
    expect(await other.state()).toMatchObject({
      basis: 'consent',
      subscriptions: { c1: true, c2: false },
      rows: ['c1:true', 'c2:false'],
    })
  })

  it('moves nothing positive: the new address keeps what it has (F5)', async () => {
    const ann = await world.now.linked({ basis: 'contract' })
    const other = await world.now.linked({ basis: 'none', toggles: [] })
    await ann.edit({ emailaddress1: other.email })
    await world.now.sweep()
    expect(await other.state()).toMatchObject({ basis: 'none', toggles: ['allow'] })
    expect(await ann.state()).toMatchObject({ basis: 'contract' })
  })

  it('takes a withdrawal along in eMarketeer, to the record at the new address (F5)', async () => {
    const email = newAddress()
    const ann = await world.now.linked()
    const there = await world.now.linked({ email, basis: null })
    await ann.unsubscribe()
    await world.now.sweep()
    await ann.changesEmailInEmarketeer(email)
    await world.now.sweep()
    expect(await there.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    expect(await ann.state()).toMatchObject({ basis: null, toggles: ['deny'] })
  })

  it('links a person afresh where both sides changed to the same address', async () => {
    const email = newAddress()
    const ann = await world.now.linked({ basis: 'legitimateInterest' })
    await ann.changesEmailInEmarketeer(email)
    await ann.edit({ emailaddress1: email })
    await world.now.sweep()
    const there = await world.now.person({ email, basis: null, toggles: [] })
    expect(await there.state()).toMatchObject({ basis: 'none', toggles: ['allow'], due: false })
    expect(await there.events()).toEqual([])
  })
})

describe('people on one side only (E7)', () => {
  it('creates nobody, remembers them, and links them when the other side appears', async () => {
    const ann = await world.now.linked({ toggles: [] })
    const bo = await world.now.linked({ basis: null, toggles: ['deny'] })
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'consent', toggles: [] })
    expect(await bo.state()).toMatchObject({ basis: null, toggles: ['deny'] })
    await ann.anotherRecord('deny')
    const boLater = await world.now.person({ email: bo.email, basis: 'none', toggles: [] })
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    expect(await boLater.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it('creates them in eMarketeer where the connection asks for it, without any basis', async () => {
    await world.now.configure({ createMissing: 'emarketeer' })
    const ann = await world.now.linked({ basis: null })
    const bo = await world.now.linked({ basis: null, toggles: ['deny'] })
    expect(await ann.state()).toMatchObject({ basis: 'none', toggles: ['allow'] })
    expect(await bo.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    await world.now.sweep()
    await world.now.configure({})
  })

  it('creates them within one drain of the inbox, too', async () => {
    await world.now.configure({ createMissing: 'emarketeer' })
    const ann = await world.now.person({ basis: null })
    await ann.webhook(false)
    await world.now.drain()
    expect(await ann.state()).toMatchObject({ basis: 'none', toggles: ['allow'] })
    await world.now.configure({})
  })

  it('creates them later where the public API does not work now', async () => {
    await world.now.configure({ createMissing: 'emarketeer' })
    await world.now.emarketeerFault({ path: '^/contacts-api/', status: 503 })
    const ann = await world.now.linked({ basis: null })
    expect(await ann.state()).toMatchObject({ basis: null })
    await world.now.clearFaults()
    await world.now.timePasses()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'none', toggles: ['allow'] })
    await world.now.configure({})
  })

  // Last, because after these this process does not call the public API for a while.
  it.each([
    ['a limit reached', 429],
    ['a wrong key', 401],
  ])('keeps nobody else waiting for %s of the public API', async (_, status) => {
    await world.now.configure({ createMissing: 'emarketeer' })
    const bo = await world.now.linked()
    await world.now.emarketeerFault({ path: '^/contacts-api/', status })
    const ann = await world.now.person({ basis: null })
    await bo.flip('deny')
    await world.now.sweep()
    expect(await bo.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    expect(await ann.state()).toMatchObject({ basis: null })
    await world.now.clearFaults()
    await world.now.configure({})
  })
})

/** How a deny's record and the contact of eMarketeer leave the address. */
interface Leaves {
  readonly ann: Person
  readonly contactIsDeleted: () => Promise<void>
}

/** Creates the person's contact in eMarketeer, withdrawn at a time relative to now. @returns its id. */
async function withdrawnSince({ email }: Person, withdrawnMs: number): Promise<string> {
  const eventTime = new Date(Date.now() + withdrawnMs).toISOString()
  const consents = { marketingSendouts: { legalBasis: 'withdrawn', eventTime } }
  const { contactIds } = await world.now.standIns.emarketeer.post<{ contactIds: [string] }>(
    'accounts/1001/seed',
    { contacts: [{ email, consents }] },
  )
  return contactIds[0]
}
