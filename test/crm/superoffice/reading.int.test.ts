import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { CrmChangePage, CrmFacts } from '../../../src/crm/crm.js'
import { RequestTally } from '../../../src/http/index.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

let standIn: StandIn

beforeAll(async () => {
  standIn = await startStandIn({ switches: { storeDefault: false } })
})

beforeEach(async () => {
  await standIn.control.clearFaults()
  await standIn.control.post('switches', {
    maxTop: 10_000,
    firstUpdatedCount: 0,
    updatedOnInsert: 'yearOne',
  })
  await standIn.control.post('clock', { skewMs: 0 })
})

afterAll(async () => {
  await standIn.close()
})

const LONG_AGO = '2024-03-01T08:00:00Z'
const consent = (legalBase: string, more: object = {}) => ({
  legalBase,
  registered: LONG_AGO,
  updated: '2026-02-24T09:31:12Z',
  updatedCount: 5,
  ...more,
})

async function readOne(person: object, facts: CrmFacts = {}) {
  const [id = ''] = await standIn.addPersons({ registered: LONG_AGO, ...person })
  const crm = standIn.open(facts)
  const { contacts } = await crm.read({ by: 'contactId', contactIds: [id] }, {})
  return contacts[0]
}

async function marketing(draft: object, facts: CrmFacts = {}, person: object = {}) {
  const contact = await readOne({ consents: { EMARKETING: draft }, ...person }, facts)
  return contact?.consents.marketingSendouts
}

describe('a person', () => {
  it('belongs to its primary address, and has its others beside it', async () => {
    const emails = [
      { address: 'second@x.no', rank: 2 },
      { address: 'chat@x.no', rank: 0, type: 1 },
      { address: 'First@x.no', rank: 1 },
    ]
    expect(await readOne({ emails })).toMatchObject({
      email: 'First@x.no',
      otherEmails: ['second@x.no'],
      state: 'live',
      registeredAtMs: Date.parse(LONG_AGO),
    })
  })

  it('is found by any of its addresses, whatever their case, and not by a chat name', async () => {
    const [both = '', primary = ''] = await standIn.addPersons(
      { emails: ["o'brien+x@find.no", 'shared@find.no'] },
      { emails: ['SHARED@find.no', { address: 'talk@find.no', type: 1 }] },
    )
    const crm = standIn.open()
    const ids = async (...emails: string[]) =>
      (await crm.read({ by: 'email', emails }, {})).contacts.map((one) => one.contactId).sort()
    expect(await ids('shared@find.no')).toEqual([both, primary].sort())
    expect(await ids("O'BRIEN+x@find.no")).toEqual([both])
    expect(await ids('talk@find.no', 'nobody@find.no')).toEqual([])
  })

  it('is not read as another user than the one of set-up, whether set-up looked or not', async () => {
    const [id = ''] = await standIn.addPersons({ emails: ['who@x.no'] })
    const reading = standIn
      .open({ associateId: 12 })
      .read({ by: 'contactId', contactIds: [id] }, {})
    const wrong = { code: 'upstream_auth_failed', upstreamCode: 'wrong_user' }
    await expect(reading).rejects.toMatchObject(wrong)
  })

  it('that is retired is live; one in the bin, or that never was, is missing', async () => {
    const ids = await standIn.addPersons(
      { emails: ['retired@x.no'], retired: true },
      { emails: ['bin@x.no'] },
      { emails: [] },
    )
    const [retired = '', bin = '', without = ''] = ids
    await standIn.control.post(`persons/${bin}/delete`, { soft: true })
    const crm = standIn.open()
    const contactIds = [...ids, '2000000', '99999999999', 'x', '0']
    const { contacts, missingContactIds } = await crm.read({ by: 'contactId', contactIds }, {})
    expect(contacts.map(({ contactId, state }) => [contactId, state])).toEqual([
      [retired, 'live'],
      [without, 'live'],
    ])
    expect(contacts[1]).toMatchObject({ email: null, otherEmails: [] })
    expect(missingContactIds).toEqual([bin, '2000000', '99999999999', 'x', '0'])
    const byEmail = await crm.read({ by: 'email', emails: ['bin@x.no'] }, {})
    expect(byEmail).toEqual({ contacts: [], subscriptions: [], missingContactIds: [] })
  })
})

describe('a consent', () => {
  it('is read with value, version, last writer and times, for both purposes', async () => {
    const contact = await readOne({
      consents: { EMARKETING: consent('61A'), STORE: consent('WITHDRAWN', { updatedCount: 7 }) },
    })
    const times = {
      registeredMs: Date.parse(LONG_AGO),
      updatedMs: Date.parse('2026-02-24T09:31:12Z'),
      onlyInserted: false,
    }
    expect(contact?.consents).toEqual({
      marketingSendouts: { value: 'consent', version: '5', lastWriter: 'user', times },
      storeAndProcess: { value: 'withdrawn', version: '7', lastWriter: 'user', times },
    })
  })

  it.each([
    ['61B', 'contract'],
    ['61C', 'requiredByLaw'],
    ['61D', 'vitalInterests'],
    ['61E', 'publicInterest'],
    ['61F', 'legitimateInterest'],
  ])('of key %s is %s', async (key, value) => {
    expect(await marketing(consent(key))).toMatchObject({ value })
  })

  it('that is not there is none, which is no withdrawal', async () => {
    const absent = { value: 'none', version: 'none', lastWriter: 'unknown' }
    expect((await readOne({}))?.consents).toEqual({
      marketingSendouts: absent,
      storeAndProcess: absent,
    })
  })

  it("on a basis that the tenant made is that one, by the tenant's own key (C2)", async () => {
    await standIn.control.post('lists/LegalBase', { key: ' Own ', name: 'Our own' })
    expect(await marketing(consent(' Own '))).toMatchObject({ value: 'tenant:OWN', version: '5' })
  })

  it('on a basis of the tenant that is called like something that every object has, too', async () => {
    await standIn.control.post('lists/LegalBase', { key: 'constructor', name: 'A trap' })
    expect(await marketing(consent('constructor'))).toMatchObject({ value: 'tenant:CONSTRUCTOR' })
  })

  it('on a basis that the tenant made and deleted since is that one still', async () => {
    const gone = await standIn.control.post<{ id: number }>('lists/LegalBase', {
      key: 'GONE',
      name: 'Not in use any more',
    })
    const before = consent('GONE')
    expect(await marketing(before)).toMatchObject({ value: 'tenant:GONE' })
    await standIn.control.post(`lists/LegalBase/${gone.id}`, { deleted: true })
    expect(await marketing(before)).toMatchObject({ value: 'tenant:GONE' })
  })

  it('on a basis without a key is unknown, and keeps its version', async () => {
    await standIn.control.post('lists/LegalBase', { key: '', name: 'Nameless' })
    expect(await marketing(consent(''))).toMatchObject({ value: null, version: '5' })
  })

  it.each(['yearOne', 'registered'])(
    'that only was inserted (updated: %s) has its registrant as writer',
    async (updatedOnInsert) => {
      await standIn.control.post('switches', { updatedOnInsert, firstUpdatedCount: 1 })
      const inserted = (more: object = {}) =>
        marketing({ legalBase: '61A', registered: '2025-01-01T10:00:00Z', ...more })
      const registeredMs = Date.parse('2025-01-01T10:00:00Z')
      const times = { registeredMs, onlyInserted: true }
      expect(await inserted()).toMatchObject({ lastWriter: 'user', times })
      expect(await inserted({ associateId: 316 })).toMatchObject({ lastWriter: 'us', times })
      const defaulted = await inserted({ registered: '2024-03-01T08:00:05Z' })
      expect(defaulted).toMatchObject({ lastWriter: 'default' })
      const later = await inserted({ registered: '2024-03-01T08:00:06Z' })
      expect(later).toMatchObject({ lastWriter: 'user' })
      const ours = await inserted({ registered: LONG_AGO, source: 'EMARKETEER' })
      expect(ours).toMatchObject({ lastWriter: 'user' })
    },
  )

  it('that a person changed in the second of its insertion is no default', async () => {
    const draft = { legalBase: 'WITHDRAWN', registered: LONG_AGO, updated: LONG_AGO }
    const times = { onlyInserted: false }
    expect(await marketing({ ...draft, updatedCount: 2 })).toMatchObject({
      lastWriter: 'user',
      times,
    })
    const measured = { firstVersion: 0 }
    expect(await marketing({ ...draft, updatedCount: 1 }, measured)).toMatchObject({
      lastWriter: 'user',
    })
  })

  it('has its times as they are, by whatever clock, whoever wrote it', async () => {
    await standIn.control.post('clock', { skewMs: -6 * 60_000 })
    const updated = new Date(Date.now() + 60_000).toISOString().replace(/\.\d+/, '')
    const ours = await marketing(consent('61A', { updated, associateId: 316 }))
    expect(ours).toMatchObject({ lastWriter: 'us', times: { updatedMs: Date.parse(updated) } })
  })
})

describe('a thousand addresses', () => {
  it('take few requests, and nobody is lost or doubled', async () => {
    await standIn.control.post('seed', { count: 1000, emailPattern: 'many{n}@example.test' })
    const emails = Array.from({ length: 1000 }, (_, at) => `many${at + 1}@example.test`)
    const tally = new RequestTally()
    const crm = standIn.open()
    const { contacts } = await crm.read({ by: 'email', emails }, { tally })
    expect(new Set(contacts.map(({ email }) => email))).toEqual(new Set(emails))
    expect(contacts).toHaveLength(1000)
    expect(tally.operations()).toMatchObject({
      'superoffice.persons.readByEmail': 3,
      'superoffice.persons.read': 3,
      'superoffice.consents.read': 5,
    })
    const tooMany = crm.read({ by: 'email', emails: [...emails, 'one@more.no'] }, {})
    await expect(tooMany).rejects.toThrow(RangeError)
  })
})

describe('changes', () => {
  const all = async (pages: AsyncIterable<CrmChangePage>) => {
    const list: CrmChangePage[] = []
    for await (const page of pages) {
      list.push(page)
    }
    return {
      contacts: list.flatMap(({ contacts }) => contacts),
      deleted: list.flatMap(({ deletedContactIds }) => deletedContactIds),
      baseline: new Set(list.map(({ baseline }) => baseline)),
      cursor: list.at(-1)?.nextCursor ?? null,
      cursors: list.filter(({ nextCursor }) => nextCursor !== null).length,
    }
  }

  it('begin with everybody who has an address, whole, over pages that tear persons', async () => {
    const emails = (n: number) => [`a${n}@tear.no`, `b${n}@tear.no`, `c${n}@tear.no`]
    const ids = await standIn.addPersons(
      ...Array.from({ length: 11 }, (_, n) => ({ emails: emails(n) })),
    )
    await standIn.addPersons({ emails: [] })
    // Not a multiple of three, so that pages end in the middle of persons. All of this file's persons are read.
    await standIn.control.post('switches', { maxTop: 40 })
    const { contacts, baseline, cursor, cursors } = await all(standIn.open().readChanges(null, {}))
    const own = contacts.filter(({ contactId }) => ids.includes(contactId))
    expect(own.map(({ email, otherEmails }) => [email, ...otherEmails])).toEqual(
      ids.map((_, n) => emails(n)),
    )
    expect(new Set(contacts.map(({ contactId }) => contactId)).size).toBe(contacts.length)
    expect(baseline).toEqual(new Set([true]))
    expect(cursor).not.toBeNull()
    expect(cursors).toBe(1)
  }, 480_000)

  it('name the persons whose consent was set or inserted since, complete, and nobody else', async () => {
    const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
    const old = { EMARKETING: consent('61A') }
    const [still = '', updated = '', inserted = '', fresh = '', binned = ''] =
      await standIn.addPersons(
        { emails: ['still@x.no'], registered: LONG_AGO, consents: old },
        { emails: ['u@x.no', 'u2@x.no'], registered: LONG_AGO, consents: old },
        { emails: ['i@x.no'], registered: LONG_AGO },
        { emails: ['fresh@x.no'] },
        { emails: ['bin2@x.no'], registered: LONG_AGO },
      )
    const cursor = JSON.stringify({ watermarkMs: 0, sinceMs: Date.now() - 60_000, movedAtMs: 0 })
    const set = { purpose: 'STORE', legalBase: 'WITHDRAWN', at: at(0) }
    for (const id of [updated, inserted, binned]) {
      await standIn.control.post(`persons/${id}/consent`, set)
    }
    await standIn.control.post(`persons/${binned}/delete`, { soft: true })
    const { contacts, deleted, baseline } = await all(standIn.open().readChanges(cursor, {}))
    const ids = contacts.map(({ contactId }) => contactId)
    expect(ids).toEqual(expect.arrayContaining([updated, inserted, fresh]))
    expect(ids).not.toContain(still)
    expect(deleted).toContain(binned)
    expect(deleted).not.toContain(updated)
    expect(contacts.find(({ contactId }) => contactId === updated)).toMatchObject({
      email: 'u@x.no',
      otherEmails: ['u2@x.no'],
      consents: {
        storeAndProcess: { value: 'withdrawn' },
        marketingSendouts: { value: 'consent', version: '5' },
      },
    })
    expect(baseline).toEqual(new Set([false]))
  })
})
