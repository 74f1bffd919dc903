import type { CallContext } from '../../../http/index.js'
import { addressOrText } from '../../../domain/email-address.js'
import { type ArchiveRow, hasDate, isReadable, numberOf, textOf, timeOf } from '../wire/values.js'
import type { CrmContact } from '../../crm.js'
import type { Consents } from './read-consents.js'
import { UNREADABLE } from './consent-row.js'

/** The owner of an address; groups the rows of a listing. */
export const PERSON = 'email.person_id'

/** Columns of archive `dynamic`, table `email` (docs/wire-superoffice.md, 6.3). */
export const EMAIL_COLUMNS: readonly string[] = [
  PERSON,
  'email.email_address',
  'email.rank',
  'email.type',
  'email.person_id.registered',
  'email.person_id.DeletedDate',
]

/** Columns that an older installation may lack: without a type all are addresses, without a bin nobody is in it. */
export const EMAIL_MAY_LACK: readonly string[] = ['email.type', 'email.person_id.DeletedDate']

/** Columns that an older installation may lack in the archive `Person`, which then lists nobody in the bin. */
export const PERSON_MAY_LACK: readonly string[] = ['personDeletedDate']

/** A person and its addresses. A retired one counts as live: leaving a job does not undo a withdrawal. */
export interface Person {
  readonly personId: number
  /** Primary first; empty if there is none. */
  readonly addresses: readonly string[]
  /** A column is missing or odd, so the addresses, or whether the person is in the bin, are unknown. */
  readonly addressesUnreadable: boolean
  /** All addresses are readable, but not which is primary: the first is the likeliest. */
  readonly primaryUnclear?: true
  /** Unix ms; null if unreadable. */
  readonly registeredAtMs: number | null
  /** In the bin; removed for good after 14 days. */
  readonly deleted: boolean
}

/** Whether a row is an e-mail address; others are chat names. A missing or unknown type counts as an address. */
export function isEmail(row: ArchiveRow): boolean {
  return numberOf(row, 'email.type') !== CHAT
}

const CHAT = 1

/** Persons from complete groups of address rows. */
export function personsOf(rows: readonly ArchiveRow[], context?: CallContext): readonly Person[] {
  const groups = new Map<number, ArchiveRow[]>()
  for (const row of rows) {
    const personId = numberOf(row, PERSON)
    if (personId === null) {
      context?.onUnreadable?.({ operation: OPERATION, path: PERSON, id: null })
    } else if (personId > 0) {
      const group = groups.get(personId) ?? []
      group.push(row)
      groups.set(personId, group)
    }
  }
  return [...groups].map(([personId, group]) => {
    const addresses = addressesOf(group)
    const path = unreadableColumn(group)
    const primaryUnclear = addresses.length > 1 && !group.filter(isEmail).every(isRanked)
    const place = path ?? (primaryUnclear ? RANK : null)
    if (place !== null) {
      context?.onUnreadable?.({ operation: OPERATION, path: place, id: String(personId) })
    }
    return {
      personId,
      addresses,
      addressesUnreadable: path !== null,
      ...(primaryUnclear ? { primaryUnclear } : {}),
      registeredAtMs: firstTime(group, 'email.person_id.registered'),
      deleted: group.some((row) => timeOf(row, DELETED) !== null),
    }
  })
}

/** A person of the archive `Person` without a row in table `email`. */
export function withoutAddress(row: ArchiveRow): Person | null {
  const personId = numberOf(row, 'personId')
  const registeredAtMs = timeOf(row, 'personRegisteredDate')
  return personId === null
    ? null
    : {
        personId,
        addresses: [],
        addressesUnreadable: false,
        registeredAtMs,
        deleted: timeOf(row, 'personDeletedDate') !== null,
      }
}

/** A person of whom only the id is known. */
export function unknownPerson(personId: number): Person {
  return {
    personId,
    addresses: [],
    addressesUnreadable: true,
    registeredAtMs: null,
    deleted: false,
  }
}

const OPERATION = 'GET /Archive/dynamic'
const RANK = 'email.rank'
const DELETED = 'email.person_id.DeletedDate'

/** Without the rank of one of several addresses, the primary one is unknown. */
function isRanked(row: ArchiveRow): boolean {
  return numberOf(row, RANK) !== null
}

/** The first missing or odd column, or null. */
function unreadableColumn(group: readonly ArchiveRow[]): string | null {
  const emails = group.filter(isEmail)
  if (!emails.every((row) => isReadable(row, 'email.email_address', ['string']))) {
    return 'email.email_address'
  }
  // A malformed time puts nobody into the bin: otherwise a withdrawal would no longer count.
  if (group.some((row) => hasDate(row, DELETED) && timeOf(row, DELETED) === null)) {
    return DELETED
  }
  return null
}

/** By rank, lowest (primary) first; without a rank last, in the order of the answer. */
function addressesOf(group: readonly ArchiveRow[]): readonly string[] {
  const rankOf = (row: ArchiveRow) => numberOf(row, RANK) ?? Number.MAX_SAFE_INTEGER
  const addresses = group
    .filter(isEmail)
    .sort((a, b) => rankOf(a) - rankOf(b))
    .flatMap((row) => textOf(row, 'email.email_address') ?? [])
  const byKey = new Map<string, string>()
  for (const address of addresses) {
    const key = addressOrText(address) ?? address
    byKey.set(key, byKey.get(key) ?? address)
  }
  return [...byKey.values()]
}

function firstTime(group: readonly ArchiveRow[], column: string): number | null {
  return group.map((row) => timeOf(row, column)).find((ms) => ms !== null) ?? null
}

/**
 * Converts a person, which belongs to its primary address (rule C5). If the addresses are hidden, its consents say
 * nothing about any address; if only the primary one is unclear, they are unknown at each and nothing is written.
 */
export function toContact(person: Person, consents: Consents): CrmContact {
  const isReadable = !person.addressesUnreadable
  const [email = null, ...otherEmails] = isReadable ? person.addresses : []
  return {
    contactId: String(person.personId),
    email,
    ...(isReadable ? {} : { emailUnreadable: true }),
    otherEmails,
    denyOnlyEmails: [],
    state: 'live',
    mergedInto: null,
    registeredAtMs: person.registeredAtMs,
    consents:
      isReadable && !person.primaryUnclear
        ? consents
        : { storeAndProcess: UNREADABLE, marketingSendouts: UNREADABLE },
  }
}
