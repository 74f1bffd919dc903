import { describe, expect, it } from '@jest/globals'
import { CONSENT_COLUMNS, unreadableAt } from '../../../src/crm/superoffice/reading/consent-row.js'
import { personsOf } from '../../../src/crm/superoffice/reading/person.js'
import { toContact } from '../../../src/crm/superoffice/reading/person.js'
import { normalizeRows } from '../../../src/crm/superoffice/wire/values.js'

const CONSENT = { value: 'consent', version: '3', lastWriter: 'user', stamp: null } as const
const CONSENTS = { storeAndProcess: CONSENT, marketingSendouts: CONSENT }

function email(address: string, rank: number): Record<string, unknown> {
  return { 'email.person_id': 7, 'email.email_address': address, 'email.rank': rank }
}

function without(column: string, row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== column))
}

function contactOf(...rows: Record<string, unknown>[]) {
  const [person] = personsOf(normalizeRows(rows))
  return toContact(person!, CONSENTS)
}

describe('a person’s rows that lack a column', () => {
  it('of the address: where it belongs is unknown, and nothing of it counts', () => {
    expect(contactOf(without('email.email_address', email('a@x', 1)))).toMatchObject({
      email: null,
      emailUnreadable: true,
      otherEmails: [],
      consents: { storeAndProcess: { value: null }, marketingSendouts: { value: null } },
    })
  })

  it('of the rank: known as long as there is one address', () => {
    const [one, two] = [email('a@x', 1), email('b@x', 2)]
    const ranked = contactOf(without('email.rank', one))
    expect(ranked).toMatchObject({ email: 'a@x', consents: CONSENTS })
    expect(ranked).not.toHaveProperty('emailUnreadable')
    expect(ranked.otherEmails).toEqual([])
    // The person's primary address is unknown, so the recorded value is unknown at each of them.
    const unranked = contactOf(without('email.rank', one), two)
    expect([unranked.email, ...unranked.otherEmails].sort()).toEqual(['a@x', 'b@x'])
    const unknown = { storeAndProcess: { value: null }, marketingSendouts: { value: null } }
    expect(unranked.consents).toMatchObject(unknown)
  })

  it.each([
    ['null', [null, null]],
    ['null of one', [1, null]],
    ['a word', ['first', 2]],
  ])('of the rank, as %s, leaves what is recorded unknown at each address', (_what, ranks) => {
    const told: unknown[] = []
    const rows = ranks.map((rank, at) => ({ ...email(`${at}@x`, 0), 'email.rank': rank }))
    const context = { onUnreadable: (one: unknown) => told.push(one) }
    const [person] = personsOf(normalizeRows(rows), context)
    const contact = toContact(person!, CONSENTS)
    expect([contact.email, ...contact.otherEmails].sort()).toEqual(['0@x', '1@x'])
    expect(contact.consents.marketingSendouts?.value).toBeNull()
    expect(told).toMatchObject([{ path: 'email.rank', id: '7' }])
  })

  it.each([
    // Year 1 in the form of other databases and servers: it puts nobody in the bin.
    '1/1/0001 12:00:00 AM',
    '01.01.0001',
    '/Date(-62135596800000)/',
    '-',
    'False',
  ])('of the deletion as %s: in the bin is nobody, unreadable somebody', (odd) => {
    const told: unknown[] = []
    const rows = normalizeRows([{ ...email('a@x', 1), 'email.person_id.DeletedDate': odd }])
    const [person] = personsOf(rows, { onUnreadable: (one) => told.push(one) })
    expect(person).toMatchObject({ deleted: false, addressesUnreadable: true })
    expect(told).toMatchObject([{ path: 'email.person_id.DeletedDate', id: '7' }])
  })

  it.each([
    ['2026-01-01T10:00:00', true],
    ['0001-01-01T00:00:00', false],
    ['', false],
    [null, false],
  ])('of the deletion as %s: in the bin: %s', (value, deleted) => {
    const rows = normalizeRows([{ ...email('a@x', 1), 'email.person_id.DeletedDate': value }])
    expect(personsOf(rows)[0]).toMatchObject({ deleted })
  })

  it('differ from rows where it is empty', () => {
    expect(contactOf(email('', 1))).not.toHaveProperty('emailUnreadable')
  })
})

describe('a consent row', () => {
  const purpose = { 'consentperson.consentPurpose_id.key': 'EMARKETING' }
  const whole = {
    ...Object.fromEntries(CONSENT_COLUMNS.map((column) => [column, null])),
    ...purpose,
  }

  it('that has every column lacks none, be they empty and of any case', () => {
    expect(normalizeRows([whole]).map(unreadableAt)).toEqual([null])
  })

  it.each(['consentperson.updated', 'consentperson.legalBase_id.key', 'consentperson.registered'])(
    'without %s is no answer',
    (column) => {
      expect(normalizeRows([without(column, whole)]).map(unreadableAt)).toEqual([column])
    },
  )

  it('may lack what older installations do', () => {
    const older = without('consentperson.consentSource_id.key', whole)
    expect(normalizeRows([older]).map(unreadableAt)).toEqual([null])
  })
})
