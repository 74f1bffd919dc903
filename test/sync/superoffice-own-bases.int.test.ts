import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { addListItem } from '../../simulators/superoffice/model/standard-lists.js'
import type { LegalBasis, Purpose } from '../../src/domain/legal-basis.js'
import { findConnection } from '../../src/ledger/connection/connections.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import { approveHeld, rejectHeld } from '../../src/sync/run/held.js'
import { noticesOf } from '../../src/connection/notices.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { preSend, type Ask, type Sent } from './support/pre-send.js'
import type { RichPerson } from './support/rich-person.js'
import { withSuperOfficeWorld } from './support/superoffice-world.js'
import type { World } from './support/world.js'

/** Bases that a tenant defined in SuperOffice (C2), end to end against its stand-in. */
const superoffice = withSuperOfficeWorld()
const world = () => superoffice.now

/** In the list's spelling; the file has another one. */
const OWN = 'CustAgr'
const OTHER = 'Member'
const MAPPED = { ' CUSTAGR ': 'contract' }

beforeAll(() => {
  for (const key of [OWN, OTHER]) {
    const item = { key, name: key, rank: 50, tooltip: '' }
    addListItem(superoffice.crm.world.store, 'legalbase', item, superoffice.crm.world.nowSeconds())
  }
})

beforeEach(() => superoffice.applies({}))

/** A person on both sides whose basis in SuperOffice is one that the tenant defined. */
async function owning(
  basis: LegalBasis,
  keys: readonly string[] = [OWN],
  purpose: Purpose = 'marketingSendouts',
): Promise<RichPerson> {
  const person = await world().person({ basis, rows: keys.map(() => 'none' as const) })
  person.ids.forEach((id, index) => superoffice.crm.setOwn(id, purpose, keys[index]!))
  await world().sweep()
  return person
}

/** eMarketeer's basis, and the keys in SuperOffice, oldest first. */
async function stateOf(person: RichPerson, purpose?: Purpose): Promise<unknown> {
  const { e } = await person.state(purpose)
  return { e, keys: person.ids.map((id) => superoffice.crm.key(id, purpose)) }
}

/** A sendout that is aborted if anybody could not be verified. */
function send(people: readonly RichPerson[], more: Partial<Ask> = {}): Promise<Sent> {
  const contactIds = people.map(({ contactId }) => contactId)
  const ask: Ask = { contactIds, crm: 'superoffice-online', onUnverified: 'abort', ...more }
  return preSend(world() as unknown as World, ask)
}

async function verdictOf(person: RichPerson): Promise<unknown> {
  const { result, verdicts } = await send([person])
  expect(result).toMatchObject({ complete: true, outcome: 'decided' })
  return verdicts[person.contactId]
}

async function unmapped(): Promise<unknown> {
  const connection = (await findConnection(world().db, CONNECTION_ID))!
  const driver = CRM_DRIVERS.get('superoffice-online')!
  return (await noticesOf(world().db, connection, driver)).unmappedBases.map(({ key }) => key)
}

describe("a basis of the tenant's own that no file maps", () => {
  it('is read, and makes no sendout incomplete: its people are not mailed, the others are', async () => {
    const ann = await owning('consent')
    const bo = await world().linked()
    const { result, verdicts } = await send([ann, bo])
    expect(result).toMatchObject({ complete: true, outcome: 'decided', eligible: 1 })
    expect(verdicts).toEqual({ [ann.contactId]: 'noLegalBasis', [bo.contactId]: 'eligible' })
  })

  it.each<LegalBasis>(['none', 'consent', 'legitimateInterest'])(
    'stays beside %s at a first link: nothing crosses, unlike where nothing is recorded',
    async (basis) => {
      const ann = await owning(basis)
      expect(await stateOf(ann)).toEqual({ e: basis, keys: [OWN] })
      expect(await ann.events()).toEqual([])
      expect(await verdictOf(ann)).toBe('noLegalBasis')
    },
  )

  it('is written over by a withdrawal in eMarketeer, and by nothing else', async () => {
    const ann = await owning('consent')
    await ann.acts('contract')
    await world().sweep()
    expect(await stateOf(ann)).toEqual({ e: 'contract', keys: [OWN] })
    await ann.acts('withdrawn')
    await world().sweep()
    expect(await stateOf(ann)).toEqual({ e: 'withdrawn', keys: ['WITHDRAWN'] })
    expect(await ann.events()).toMatchObject([{ line: 'R5', movedSide: 'emarketeer' }])
  })

  it('takes a withdrawal back in neither system', async () => {
    const ann = await world().linked({ basis: 'withdrawn' })
    superoffice.crm.setOwn(ann.ids[0]!, 'marketingSendouts', OWN)
    await world().sweep()
    expect(await stateOf(ann)).toEqual({ e: 'withdrawn', keys: ['WITHDRAWN'] })
    expect(await verdictOf(ann)).toBe('consentWithdrawn')
  })

  it('gives way to what a user sets after it, and to their withdrawal', async () => {
    const ann = await owning('consent')
    ann.sets('legitimateInterest')
    await world().sweep()
    expect(await stateOf(ann)).toEqual({ e: 'legitimateInterest', keys: ['61F'] })
    superoffice.crm.setOwn(ann.ids[0]!, 'marketingSendouts', OWN)
    await world().sweep()
    expect(await verdictOf(ann)).toBe('noLegalBasis')
    ann.sets('withdrawn')
    expect(await verdictOf(ann)).toBe('consentWithdrawn')
    expect(await stateOf(ann)).toEqual({ e: 'withdrawn', keys: ['WITHDRAWN'] })
  })

  it('of Store and process excludes nobody', async () => {
    const ann = await world().linked()
    superoffice.crm.setOwn(ann.ids[0]!, 'storeAndProcess', OWN)
    expect(await verdictOf(ann)).toBe('eligible')
    expect(await stateOf(ann, 'storeAndProcess')).toMatchObject({ keys: [OWN] })
    await ann.acts('withdrawn', 'storeAndProcess')
    expect(await verdictOf(ann)).toBe('storeNotAllowed')
  })

  it('of a younger person counts for nothing; the oldest decides, whichever basis that is', async () => {
    const ann = await world().linked()
    superoffice.crm.setOwn(ann.join('none'), 'marketingSendouts', OWN)
    await world().sweep()
    expect(await stateOf(ann)).toEqual({ e: 'consent', keys: ['61A', OWN] })
    expect(await verdictOf(ann)).toBe('eligible')
    const bo = await owning('consent', [OTHER, OWN])
    await superoffice.applies({ legalBases: MAPPED })
    expect(await verdictOf(bo)).toBe('noLegalBasis')
    expect(await stateOf(bo)).toEqual({ e: 'consent', keys: [OTHER, OWN] })
    expect(await unmapped()).toEqual(['MEMBER'])
  })

  it('that was deleted from the list since stays what it is for those who have it', async () => {
    const { world: installation } = superoffice.crm
    const item = { key: 'Gone', name: 'Not in use any more', rank: 60, tooltip: '' }
    const row = addListItem(installation.store, 'legalbase', item, installation.nowSeconds())
    const ann = await owning('consent', ['Gone'])
    installation.store.legalbase.update(row, { deleted: 1 })
    expect(await verdictOf(ann)).toBe('noLegalBasis')
    expect(await unmapped()).toContain('GONE')
    await superoffice.applies({ legalBases: { gone: 'consent' } })
    expect(await verdictOf(ann)).toBe('eligible')
    expect(await stateOf(ann)).toEqual({ e: 'consent', keys: ['Gone'] })
  })
})

describe("a basis of the tenant's own that the connection file maps", () => {
  it('counts as what it stands for from the moment the file is applied, however it is spelt', async () => {
    const agreed = await owning('contract')
    const silent = await owning('none')
    const other = await owning('consent')
    await superoffice.applies({ legalBases: MAPPED })
    await world().sweep()
    expect(await stateOf(agreed)).toEqual({ e: 'contract', keys: [OWN] })
    expect(await stateOf(silent)).toEqual({ e: 'contract', keys: [OWN] })
    // R4: no proof which is later, and Consent is the less specific.
    expect(await stateOf(other)).toEqual({ e: 'contract', keys: [OWN] })
    expect(await verdictOf(agreed)).toBe('eligible')
    expect(await verdictOf(silent)).toBe('eligible')
    expect(await unmapped()).not.toContain('CUSTAGR')
    const [event] = await silent.events()
    expect(event).toMatchObject({ line: 'R2', movedSide: 'crm', crmOld: 'tenant:CUSTAGR' })
  })

  it("is written over with SuperOffice's own key by what comes later in eMarketeer", async () => {
    await superoffice.applies({ legalBases: MAPPED })
    const ann = await owning('contract')
    await ann.acts('legitimateInterest')
    await world().sweep()
    expect(await stateOf(ann)).toEqual({ e: 'legitimateInterest', keys: ['61F'] })
    await ann.acts('contract')
    await world().sweep()
    expect(await stateOf(ann)).toEqual({ e: 'contract', keys: ['61B'] })
  })

  it('takes a withdrawal back where a user sets it later, as any basis does', async () => {
    await superoffice.applies({ legalBases: MAPPED })
    const ann = await world().linked({ basis: 'withdrawn' })
    superoffice.crm.setOwn(ann.ids[0]!, 'marketingSendouts', OWN)
    await world().sweep()
    expect(await stateOf(ann)).toEqual({ e: 'contract', keys: [OWN] })
  })

  it('is one of several that stand for the same', async () => {
    await superoffice.applies({ legalBases: { [OWN]: 'contract', [OTHER]: 'contract' } })
    const ann = await owning('contract', [OWN, OTHER])
    expect(await stateOf(ann)).toEqual({ e: 'contract', keys: [OWN, OTHER] })
    superoffice.crm.setOwn(ann.ids[0]!, 'marketingSendouts', OTHER)
    await world().sweep()
    expect(await stateOf(ann)).toEqual({ e: 'contract', keys: [OTHER, OTHER] })
    expect(await ann.events()).toEqual([])
  })

  it('counts no longer from the moment the file says so, also amid a sendout and its list', async () => {
    await superoffice.applies({ legalBases: MAPPED })
    const ann = await owning('contract')
    const bo = await world().linked()
    const during = await send([ann, bo], { afterSync: () => superoffice.applies({}) })
    expect(during.result).toMatchObject({ complete: true, eligible: 1 })
    expect(during.verdicts[ann.contactId]).toBe('noLegalBasis')
    await superoffice.applies({ legalBases: MAPPED })
    const after = await send([ann, bo], { afterDecision: () => superoffice.applies({}) })
    expect(after.result).toMatchObject({ eligible: 2 })
    expect(after.list?.map(({ email }) => email)).toEqual([bo.email])
  })

  it('that comes to be mapped amid a sendout is judged by the file that is applied then', async () => {
    const ann = await owning('contract')
    const configure = () => superoffice.applies({ legalBases: MAPPED })
    const { result, verdicts } = await send([ann], { afterSync: configure })
    expect(result).toMatchObject({ complete: true, eligible: 0 })
    expect(verdicts[ann.contactId]).toBe('noLegalBasis')
    expect(await verdictOf(ann)).toBe('eligible')
  })
})

describe('a file that comes to map a basis which many have (F4)', () => {
  const verdict = { connectionId: CONNECTION_ID, reason: 'a test', by: 'Kari' }

  /** People of whom one more has the key than may become mailable in one run, and the file that maps it. */
  async function many(key: string, ...bases: readonly LegalBasis[]): Promise<RichPerson[]> {
    const { world: installation } = superoffice.crm
    const item = { key, name: key, rank: 70, tooltip: '' }
    addListItem(installation.store, 'legalbase', item, installation.nowSeconds())
    const people: RichPerson[] = []
    for (const basis of bases) {
      people.push(await owning(basis, [key]))
    }
    const newlyMailableLimit = bases.length - 1
    await superoffice.applies({ legalBases: { [key]: 'contract' } }, { newlyMailableLimit })
    return people
  }

  it('holds them for one approval, also those of whom nothing is written; opt-outs flow', async () => {
    const [agreed, optsOut, silent] = await many('Many', 'contract', 'contract', 'none')
    expect(await world().sweep()).toBe(3)
    expect(await verdictOf(agreed!)).toBe('noLegalBasis')
    expect(await stateOf(silent!)).toEqual({ e: 'none', keys: ['Many'] })
    await optsOut!.acts('withdrawn')
    await world().sweep()
    expect(await stateOf(optsOut!)).toEqual({ e: 'withdrawn', keys: ['WITHDRAWN'] })
    expect(await approveHeld(world().db, verdict)).toMatchObject({ cells: 2 })
    await world().sweep()
    expect(await verdictOf(agreed!)).toBe('eligible')
    expect(await verdictOf(silent!)).toBe('eligible')
    expect(await verdictOf(optsOut!)).toBe('consentWithdrawn')
  })

  it('keeps them unmailed where the approval is refused', async () => {
    const people = await many('Refused', 'contract', 'none', 'consent')
    expect(await world().sweep()).toBe(3)
    expect(await rejectHeld(world().db, verdict)).toMatchObject({ cells: 3 })
    // Not even if so few are left that the limit would let them pass.
    await superoffice.applies({ legalBases: { refused: 'contract' } }, { newlyMailableLimit: 100 })
    expect(await world().sweep()).toBe(0)
    const states = await Promise.all(people.map((person) => stateOf(person)))
    expect(states).toEqual(['contract', 'none', 'consent'].map((e) => ({ e, keys: ['Refused'] })))
    for (const person of people) {
      expect(await verdictOf(person)).toBe('noLegalBasis')
    }
    const [agreed, silent, other] = people
    await agreed!.acts('contract')
    superoffice.crm.setOwn(silent!.ids[0]!, 'marketingSendouts', '61B')
    await world().sweep()
    expect(await verdictOf(agreed!)).toBe('eligible')
    expect(await verdictOf(silent!)).toBe('eligible')
    // A card saved again is nobody's act.
    superoffice.crm.setOwn(other!.ids[0]!, 'marketingSendouts', 'Refused')
    await world().sweep()
    expect(await verdictOf(other!)).toBe('noLegalBasis')
  })

  it('asks again for what was refused once the file has said otherwise in between', async () => {
    const [person] = await many('Twice', 'contract', 'contract')
    expect(await world().sweep()).toBe(2)
    expect(await rejectHeld(world().db, verdict)).toMatchObject({ cells: 2 })
    await world().sweep()
    await superoffice.applies({})
    await world().sweep()
    await superoffice.applies({ legalBases: { twice: 'contract' } })
    await world().sweep()
    expect(await verdictOf(person!)).toBe('eligible')
  })

  it('lets them be mailed immediately where the limit allows as many', async () => {
    const people = await many('Few', 'contract', 'none')
    await superoffice.applies({ legalBases: { few: 'contract' } }, { newlyMailableLimit: 2 })
    expect(await world().sweep()).toBe(0)
    for (const person of people) {
      expect(await verdictOf(person)).toBe('eligible')
    }
  })
})
