import type { CallContext } from '../../../http/index.js'
import { addressOrText } from '../../../domain/email-address.js'
import { type ArchiveRow, hasDate, isReadable, numberOf, textOf, timeOf } from '../wire/values.js'

/** Whose an address is; groups the rows of a listing. */
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

/** What an older installation may lack of them: without chat names all are addresses, without a bin nobody is in it. */
export const EMAIL_MAY_LACK: readonly string[] = ['email.type', 'email.person_id.DeletedDate']

/** What an older installation may lack in the archive `Person`, which then shows nobody of the bin. */
export const PERSON_MAY_LACK: readonly string[] = ['personDeletedDate']

/** A person and its addresses. A retired one counts as live: a withdrawal is not undone by somebody's leaving a job. */
export interface Person {
  readonly personId: number
  /** The primary one first; empty where there is none. */
  readonly addresses: readonly string[]
  /** Which addresses it has, or whether the person is in the bin, is not told: a column is missing or odd. */
  readonly addressesUnreadable: boolean
  /** All addresses are told, and not which is the primary one: the first is the likeliest. */
  readonly primaryUnclear?: true
  /** Unix ms; null where unreadable. */
  readonly registeredAtMs: number | null
  /** Put into the bin, and gone for good after 14 days. */
  readonly deleted: boolean
}

/** Whether a row is an e-mail address; others are chat names. A type that is missing, or unknown, is taken for an address. */
export function isEmail(row: ArchiveRow): boolean {
  return numberOf(row, 'email.type') !== CHAT
}

const CHAT = 1

/** Persons out of complete groups of address rows. */
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

/** A person of the archive `Person` who has no row in table `email`. */
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

/** Without the rank of one of several addresses, nobody can tell which is the primary one. */
function isRanked(row: ArchiveRow): boolean {
  return numberOf(row, RANK) !== null
}

/** A column that is not told, or odd. */
function unreadableColumn(group: readonly ArchiveRow[]): string | null {
  const emails = group.filter(isEmail)
  if (!emails.every((row) => isReadable(row, 'email.email_address', ['string']))) {
    return 'email.email_address'
  }
  // A text that is neither a time nor none puts nobody into the bin: a withdrawal would count no more.
  if (group.some((row) => hasDate(row, DELETED) && timeOf(row, DELETED) === null)) {
    return DELETED
  }
  return null
}

/** By rank, the lowest being the primary one; without a rank last, in the order of the answer. */
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
