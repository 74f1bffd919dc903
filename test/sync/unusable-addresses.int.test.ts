import { describe, expect, it } from '@jest/globals'
import { RequestTally } from '../../src/http/call-context.js'
import { findAddresses } from '../../src/ledger/address/addresses.js'
import { unusableAddresses } from '../../src/ledger/copy/connection-counts.js'
import { freshen } from '../../src/sync/mirror/catch-up-both.js'
import { CONNECTION_ID } from './support/open-systems.js'
import type { Person } from './support/person.js'
import { preSend } from './support/pre-send.js'
import { withWorld } from './support/world.js'

const world = withWorld()

/** Fields that contain several or decorated addresses (rule A); `#` is a separate number for each test. */
const FIELDS: readonly string[] = [
  'a#@x.example; b#@x.example',
  'b#@x.example, a#@x.example',
  'Anna <a#@x.example>',
  'mailto:a#@x.example',
  '<a#@x.example>',
  "'a#@x.example'",
  'a#@x.example.',
]

let number = 0

/** A contact in eMarketeer at `a<n>@x.example`, and a record in Dynamics with another text in its address field. */
async function withField(field: string, basis: 'consent' | 'none' = 'consent'): Promise<Person> {
  number += 1
  return world.now.linked({
    email: `a${number}@x.example`,
    basis,
    crmEmail: field.replaceAll('#', String(number)),
  })
}

async function toggleOf(person: Person): Promise<boolean | null> {
  const row = await world.now.standIns.dynamics<{ donotbulkemail: boolean | null }>(
    'GET',
    `rows/contact/${person.crmIds[0]}`,
  )
  return row.donotbulkemail
}

async function verdictOn(
  person: Person,
  proof: 'delta' | 'direct',
  more: { readonly categoryId?: string } = {},
) {
  const { verdicts, list, result } = await preSend(world.now, {
    contactIds: [person.contactId],
    proof,
    ...more,
  })
  expect(result.complete).toBe(true)
  expect(list!.length).toBe(verdicts[person.contactId] === 'eligible' ? 1 : 0)
  return verdicts[person.contactId]
}

describe.each(['delta', 'direct'] as const)('a record in Dynamics, proven by %s', (proof) => {
  it.each(FIELDS)(
    'with %j: an opt-out just before a send counts for everybody in it, and nothing crosses',
    async (field) => {
      const anna = await withField(field)
      expect(await verdictOn(anna, proof)).toBe('eligible')
      await anna.flip('deny')
      expect(await verdictOn(anna, proof)).toBe('consentWithdrawn')
      expect((await anna.state()).basis).toBe('consent')
      await anna.flip('allow')
      expect(await verdictOn(anna, proof)).toBe('eligible')
      await anna.unsubscribe()
      await world.now.sweep()
      expect(await toggleOf(anna)).toBe(false)
      expect(await anna.events()).toEqual([])
    },
  )

  it('with several addresses: a deny counts for the second one as well', async () => {
    const anna = await withField('a#@x.example; b#@x.example')
    const bo = await world.now.linked({ email: `b${number}@x.example`, toggles: [] })
    await anna.flip('deny')
    expect(await verdictOn(bo, proof)).toBe('consentWithdrawn')
  })

  it('with several addresses never allows', async () => {
    const anna = await withField('a#@x.example; b#@x.example', 'none')
    await anna.flip('deny')
    await anna.flip('allow')
    await world.now.sweep()
    expect(await verdictOn(anna, proof)).toBe('noLegalBasis')
    expect((await anna.state()).basis).toBe('none')
  })

  it.each(['emailaddress2', 'emailaddress3'])(
    'denies at its %s just before a send, and crosses at its first address alone (B8)',
    async (column) => {
      const anna = await world.now.person()
      const also = await world.now.person({ email: `also-${anna.email}`, toggles: [] })
      await anna.edit({ [column]: `ALSO-${anna.email}\u200b` })
      await world.now.sweep()
      expect(await verdictOn(also, proof)).toBe('eligible')
      await anna.flip('deny')
      expect(await verdictOn(also, proof)).toBe('consentWithdrawn')
      expect((await also.state()).basis).toBe('consent')
      await world.now.sweep()
      expect((await anna.state()).basis).toBe('withdrawn')
      expect((await also.state()).basis).toBe('consent')
      await anna.edit({ [column]: null })
      expect(await verdictOn(also, proof)).toBe('eligible')
    },
  )

  it('got a second address just before a send: found by the address alone', async () => {
    const also = await world.now.linked({ toggles: [] })
    const anna = await world.now.linked({ toggles: ['deny'] })
    await anna.edit({ emailaddress2: also.email })
    expect(await verdictOn(also, proof)).toBe('consentWithdrawn')
  })

  it('with several addresses: its No to a category counts (D4)', async () => {
    const anna = await world.now.linked()
    const other = await world.now.linked({ email: `other-${anna.email}`, toggles: [] })
    await anna.edit({ emailaddress2: other.email })
    await world.now.sweep()
    expect(await verdictOn(other, proof, { categoryId: 'c1' })).toBe('eligible')
    await anna.flipSubscription('c1', false)
    expect(await verdictOn(other, proof, { categoryId: 'c1' })).toBe('unsubscribedFromCategory')
    expect(await verdictOn(other, proof)).toBe('eligible')
  })

  it('that was linked and got a decorated address is no link any more (G8)', async () => {
    const anna = await world.now.linked()
    await anna.edit({ emailaddress1: `${anna.email}; other@x.example` })
    expect(await verdictOn(anna, proof)).toBe('deletedInCrm')
    await anna.consents('consent')
    expect(await verdictOn(anna, proof)).toBe('eligible')
    await anna.flip('deny')
    expect(await verdictOn(anna, proof)).toBe('consentWithdrawn')
  })
})

describe.each(['delta', 'direct'] as const)('a contact in eMarketeer, proven by %s', (proof) => {
  it.each(FIELDS)('with %j: its withdrawal counts, and nothing crosses', async (field) => {
    number += 1
    const anna = await world.now.person({ email: `a${number}@x.example` })
    const odd = await world.now.linked({
      email: field.replaceAll('#', String(number)),
      toggles: [],
    })
    expect(await verdictOn(anna, proof)).toBe('eligible')
    expect(await verdictOn(odd, proof)).toBe('addressInvalid')
    await odd.unsubscribe()
    expect(await verdictOn(anna, proof)).toBe('consentWithdrawn')
    await world.now.sweep()
    expect(await anna.state()).toMatchObject({ basis: 'consent', toggles: ['allow'] })
    await odd.consents('consent')
    expect(await verdictOn(anna, proof)).toBe('eligible')
    expect(await anna.events()).toEqual([])
  })

  it('with several addresses counts no more once it has gone', async () => {
    number += 1
    const email = `a${number}@x.example`
    const anna = await world.now.person({ email })
    const odd = await world.now.linked({ email: `${email}; b@x.example`, toggles: [] })
    await odd.unsubscribe()
    expect(await verdictOn(anna, proof)).toBe('consentWithdrawn')
    await odd.deletedInEmarketeer()
    expect(await verdictOn(anna, proof)).toBe('eligible')
  })
})

it('names what links nobody, on both sides, by ids', async () => {
  const anna = await withField('a#@x.example; b#@x.example')
  const odd = await world.now.linked({ email: `mailto:a${number}@x.example`, toggles: [] })
  const { crm, emarketeer } = await unusableAddresses(world.now.db, CONNECTION_ID)
  expect(crm.count).toBeGreaterThan(0)
  const named = await world.now.db.query<{ id: string }>(
    `SELECT crm_contact_id AS id FROM crm_contacts WHERE unusable_address AND state = 'live'`,
  )
  expect(named.map(({ id }) => id)).toContain(anna.crmIds[0])
  expect(crm.count).toBe(named.length)
  expect(emarketeer.count).toBeGreaterThan(0)
  expect(emarketeer.contactIds.length).toBe(Math.min(20, emarketeer.count))
  await odd.changesEmailInEmarketeer(`mended${number}@x.example`)
  await anna.edit({ emailaddress1: `mended${number}@x.example` })
  await world.now.sweep()
  const after = await unusableAddresses(world.now.db, CONNECTION_ID)
  expect([after.crm.count, after.emarketeer.count]).toEqual([crm.count - 1, emarketeer.count - 1])
})

it('reads second and third addresses in the requests that are made anyway', async () => {
  const plain: Person[] = []
  const rich: Person[] = []
  for (let n = 0; n < 3; n += 1) {
    plain.push(await world.now.person())
    const person = await world.now.person()
    await person.edit({ emailaddress2: `second-${person.email}`, emailaddress3: plain[0]!.email })
    rich.push(person)
  }
  await world.now.sweep()
  const requests = async (people: readonly Person[]) => {
    const emails = people.map((person) => person.email)
    const ids = [...(await findAddresses(world.now.db, CONNECTION_ID, emails)).values()]
    const tally = new RequestTally()
    const session = await world.now.session('preSend')
    await freshen({ ...session, call: { ...session.call, tally } }, ids)
    return Object.fromEntries(
      Object.entries(tally.operations()).filter(([name]) => name.startsWith('dynamics.')),
    )
  }
  const before = await requests(plain)
  expect(await requests(rich)).toEqual(before)
  expect(before).toEqual({ 'dynamics.contacts.readByEmail': 1, 'dynamics.subscriptions.read': 1 })
})
