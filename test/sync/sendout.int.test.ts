import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import type { Person } from './support/person.js'
import { preSend } from './support/pre-send.js'
import { withWorld } from './support/world.js'

const world = withWorld()

function idsOf(people: readonly Person[]): string[] {
  return people.map((person) => person.contactId)
}

async function people(count: number): Promise<Person[]> {
  const made: Person[] = []
  for (let n = 0; n < count; n += 1) {
    made.push(await world.now.person())
  }
  await world.now.sweep()
  return made
}

describe.each(['delta', 'direct'] as const)(
  'an opt-out just before a send, proven by %s',
  (proof) => {
    it('in Dynamics is not on the list (E6), and has crossed', async () => {
      const [ann, bo] = (await people(2)) as [Person, Person]
      await ann.flip('deny')
      const { list, verdicts, result } = await preSend(world.now, {
        contactIds: idsOf([ann, bo]),
        proof,
      })
      expect(list!.map((entry) => entry.contactId)).toEqual([bo.contactId])
      expect(verdicts[ann.contactId]).toBe('consentWithdrawn')
      expect(result).toMatchObject({ outcome: 'decided', complete: true, targeted: 2, eligible: 1 })
      expect(result.excluded).toMatchObject({ consentWithdrawn: 1, notVerified: 0 })
      expect(await ann.state()).toMatchObject({ basis: 'withdrawn' })
    })

    it('in eMarketeer at any moment of the check is not on the list', async () => {
      const all = await people(6)
      const [before, audience, fresh, synced, decided, stays] = all as [
        Person,
        Person,
        Person,
        Person,
        Person,
        Person,
      ]
      await before.unsubscribe()
      const { list } = await preSend(world.now, {
        contactIds: idsOf(all),
        proof,
        afterAudience: () => audience.unsubscribe(),
        afterProof: () => fresh.unsubscribe(),
        afterSync: () => synced.unsubscribe(),
        afterDecision: () => decided.unsubscribe(),
      })
      expect(list!.map((entry) => entry.contactId)).toEqual([stays.contactId])
    })

    it('in Dynamics after the audience was fixed is not on the list either', async () => {
      const [ann, bo] = (await people(2)) as [Person, Person]
      const { list } = await preSend(world.now, {
        contactIds: idsOf([ann, bo]),
        proof,
        afterAudience: () => ann.flip('deny'),
      })
      expect(list!.map((entry) => entry.contactId)).toEqual([bo.contactId])
    })

    it('that waits in our inbox counts, before and after the decision (G7)', async () => {
      const [ann, bo, cy] = (await people(3)) as [Person, Person, Person]
      await ann.webhook(true)
      const { list, verdicts } = await preSend(world.now, {
        contactIds: idsOf([ann, bo, cy]),
        proof,
        afterDecision: () => cy.webhook(true),
      })
      expect(verdicts[ann.contactId]).toBe('consentWithdrawn')
      expect(verdicts[cy.contactId]).toBe('eligible')
      expect(list!.map((entry) => entry.contactId)).toEqual([bo.contactId])
      await world.now.timePasses()
      await world.now.drain()
    })

    it('that waits in our inbox for another address of a record, or a new one, counts there (G7)', async () => {
      const all = await people(4)
      const [denies, joined, fresh, stays] = all as [Person, Person, Person, Person]
      await denies.flip('deny')
      await world.now.sweep()
      const { list, verdicts } = await preSend(world.now, {
        contactIds: idsOf(all),
        proof,
        afterDecision: async () => {
          // A rep gives one person's address to the record that denies, and creates a record that denies at another's.
          await denies.webhook(false, null, { addresses: [joined.email] })
          await fresh.webhook(true, null, { contactId: randomUUID(), addresses: [fresh.email] })
          // An address proves nothing for a record that allows, or one that nobody has read.
          await stays.webhook(false, null, { addresses: [stays.email] })
          await stays.webhook(false, null, { contactId: randomUUID(), addresses: [stays.email] })
        },
      })
      expect([joined, fresh, stays].map(({ contactId }) => verdicts[contactId])).toEqual([
        'eligible',
        'eligible',
        'eligible',
      ])
      expect(list!.map((entry) => entry.contactId)).toEqual([stays.contactId])
      await world.now.timePasses()
      await world.now.drain()
    })

    it('leaves out whom neither side could verify, and nobody else is mailed (G5)', async () => {
      const [ann, bo] = (await people(2)) as [Person, Person]
      await world.now.dynamicsFault({ path: '/api/data', status: 503 })
      const ask = { contactIds: idsOf([ann, bo]), proof, tolerant: true } as const
      const { list, result } = await preSend(world.now, ask)
      expect(list).toEqual([])
      expect(result).toMatchObject({
        complete: false,
        eligible: 0,
        verifiedAsOf: null,
        excluded: { notVerified: 2 },
      })
      const aborted = await preSend(world.now, { ...ask, onUnverified: 'abort' })
      expect(aborted.result).toMatchObject({ outcome: 'aborted', eligible: 0, mailingList: null })
    })
  },
)

describe('reasons', () => {
  it('are one for each contact, the first that fits (G4)', async () => {
    const store = await world.now.person()
    const withdrawn = await world.now.person({ basis: 'withdrawn', toggles: ['deny'] })
    const none = await world.now.person({ basis: 'none' })
    const category = await world.now.person()
    const gone = await world.now.person()
    const first = await world.now.person({ basis: 'contract' })
    const twin = await world.now.person({ email: first.email, basis: 'contract', toggles: [] })
    const foreignStore = await world.now.person({ basis: 'withdrawn', toggles: ['deny'] })
    await world.now.sweep()
    await store.consents('withdrawn', { purpose: 'storeAndProcess' })
    await foreignStore.consents('withdrawn', { purpose: 'storeAndProcess' })
    await category.subscribes('c1', false)
    await gone.deletedInCrm()
    const everybody = [store, withdrawn, none, category, gone, first, twin, foreignStore]
    const { verdicts, result, list } = await preSend(world.now, {
      contactIds: idsOf(everybody),
      categoryId: 'c1',
    })
    expect(verdicts).toEqual({
      [store.contactId]: 'storeNotAllowed',
      [foreignStore.contactId]: 'storeNotAllowed',
      [withdrawn.contactId]: 'consentWithdrawn',
      [none.contactId]: 'noLegalBasis',
      [category.contactId]: 'unsubscribedFromCategory',
      [gone.contactId]: 'deletedInCrm',
      [first.contactId]: 'eligible',
      [twin.contactId]: 'duplicateAddress',
    })
    expect(list!.map((entry) => entry.contactId)).toEqual([first.contactId])
    expect(Object.values(result.excluded).reduce((sum, n) => sum + n, 0)).toBe(7)
  })

  it('ask neither consent nor category of a transactional sendout, but store, address, duplicates (G8)', async () => {
    const withdrawn = await world.now.person({ basis: 'withdrawn', toggles: ['deny'] })
    const none = await world.now.person({ basis: 'none' })
    const store = await world.now.person()
    await world.now.sweep()
    await store.consents('withdrawn', { purpose: 'storeAndProcess' })
    const { verdicts } = await preSend(world.now, {
      contactIds: idsOf([withdrawn, none, store]),
      transactional: true,
    })
    expect(verdicts).toEqual({
      [withdrawn.contactId]: 'eligible',
      [none.contactId]: 'eligible',
      [store.contactId]: 'storeNotAllowed',
    })
  })

  it.each([
    ['email', 'addressInvalid'],
    ['sms', 'noLegalBasis'],
  ] as const)('say by %s of a contact without an address: %s (G4, G8)', async (channel, word) => {
    const ann = await world.now.linked({ mobile: '+47 400 10 001' })
    const lost = await world.now.linked({ mobile: '+47 400 10 003' })
    await lost.changesEmailInEmarketeer(null)
    const everybody = [...idsOf([ann, lost]), 'unknown']
    for (const categoryId of [null, 'c1']) {
      const { verdicts, result } = await preSend(world.now, {
        contactIds: everybody,
        channel,
        categoryId,
      })
      expect(verdicts).toEqual({
        [ann.contactId]: 'eligible',
        [lost.contactId]: word,
        unknown: word,
      })
      expect(result.excluded).toMatchObject({ [word]: 2 })
    }
  })

  it('exclude for an SMS whoever has no number, and the second with the same one', async () => {
    const mobile = '+47 400 00 001'
    const ann = await world.now.person({ mobile })
    const twin = await world.now.person({ mobile: '+4740000001' })
    const bare = await world.now.person()
    const out = await world.now.person({
      mobile: '+4740000002',
      basis: 'withdrawn',
      toggles: ['deny'],
    })
    await world.now.sweep()
    const { verdicts } = await preSend(world.now, {
      contactIds: idsOf([ann, twin, bare, out]),
      channel: 'sms',
    })
    expect(verdicts).toEqual({
      [ann.contactId]: 'eligible',
      [twin.contactId]: 'duplicateAddress',
      [bare.contactId]: 'addressInvalid',
      [out.contactId]: 'consentWithdrawn',
    })
  })

  it.each([
    ['email', { email: true, mobile: false }],
    ['sms', { email: false, mobile: true }],
  ] as const)('give by %s no more of a person than that needs', async (channel, given) => {
    const ann = await world.now.linked({ mobile: `+47 411 ${channel.length} 00 001` })
    const { list } = await preSend(world.now, { contactIds: idsOf([ann]), channel })
    const shown = list!.map(({ contactId, email, mobile }) => ({
      contactId,
      email: email !== null,
      mobile: mobile !== null,
    }))
    expect(shown).toEqual([{ contactId: ann.contactId, ...given }])
  })

  it('let eMarketeer alone decide of a person who never was in the CRM (G8)', async () => {
    const ann = await world.now.person({ basis: 'legitimateInterest', toggles: [] })
    const { verdicts } = await preSend(world.now, { contactIds: idsOf([ann]) })
    expect(verdicts[ann.contactId]).toBe('eligible')
  })

  it('keep a person deleted from the CRM out until eMarketeer records a new act (G8)', async () => {
    const ann = await world.now.linked()
    await ann.deletedInCrm()
    const ask = { contactIds: idsOf([ann]) }
    expect((await preSend(world.now, ask)).verdicts[ann.contactId]).toBe('deletedInCrm')
    await world.now.sweep()
    expect((await preSend(world.now, ask)).verdicts[ann.contactId]).toBe('deletedInCrm')
    await ann.consents('legitimateInterest')
    expect((await preSend(world.now, ask)).verdicts[ann.contactId]).toBe('eligible')
  })

  it('take no act for new that was known before the deletion, whatever eMarketeer’s clock says (G8)', async () => {
    const { emarketeer } = world.now.standIns
    const ann = await world.now.linked()
    await emarketeer.post('clock', { skewMs: 3_600_000 })
    await ann.consents('legitimateInterest')
    await emarketeer.post('clock', { skewMs: 0 })
    await world.now.sweep()
    await ann.deletedInCrm()
    const ask = { contactIds: idsOf([ann]) }
    expect((await preSend(world.now, ask)).verdicts[ann.contactId]).toBe('deletedInCrm')
  })

  it('keep out a person whose loosening is held over a deny (F4)', async () => {
    await world.now.configure({ newlyMailableLimit: 0 })
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.consents('consent')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ waiting: ['held'], toggles: ['deny'] })
    const ask = { contactIds: idsOf([ann]) }
    expect((await preSend(world.now, ask)).verdicts[ann.contactId]).toBe('consentWithdrawn')
    await world.now.decideHeld('approve')
    const { verdicts } = await preSend(world.now, ask)
    expect(verdicts[ann.contactId]).toBe('eligible')
    expect(await ann.state()).toMatchObject({ basis: 'consent', toggles: ['allow'], waiting: [] })
    await world.now.configure({})
  })

  it('exclude one of two twins as well as the other when Dynamics denies for either record', async () => {
    const ann = await world.now.linked({ toggles: ['allow', 'allow'] })
    await ann.flip('deny', 'Sales Rep', 1)
    const { verdicts } = await preSend(world.now, { contactIds: idsOf([ann]), proof: 'direct' })
    expect(verdicts[ann.contactId]).toBe('consentWithdrawn')
  })

  it('exclude a contact whose toggle or basis cannot be read as not verified', async () => {
    const ann = await world.now.linked()
    const toggle = { table: 'contact', column: 'donotbulkemail' }
    await world.now.dynamicsSwitch({ secureColumn: toggle })
    await world.now.dynamicsFault({ path: 'IsSecured', status: 403, body: {} })
    const { verdicts } = await preSend(world.now, { contactIds: idsOf([ann]), proof: 'direct' })
    expect(verdicts[ann.contactId]).toBe('notVerified')
    await world.now.dynamicsSwitch({ secureColumn: { ...toggle, secured: false } })
    await ann.edit({ jobtitle: 'Manager' })
  })
})

describe('a person who became mailable just before a send', () => {
  it('is on the list once their new basis has crossed', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.consents('legitimateInterest')
    const { list } = await preSend(world.now, { contactIds: idsOf([ann]) })
    expect(list).toMatchObject([{ contactId: ann.contactId, email: ann.email }])
    expect(await ann.state()).toMatchObject({ basis: 'legitimateInterest', toggles: ['allow'] })
  })
})
