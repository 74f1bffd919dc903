import type { CallContext } from '../../../http/index.js'
import type { CrmContact, CrmReading, CrmReadRequest } from '../../crm.js'
import { type ReadSource, readConsents } from './read-consents.js'
import { toContact } from './person.js'
import { spellingsOf } from '../../../domain/email-address.js'
import type { Archive } from '../archive/archive.js'
import { listKnowing } from '../archive/list-in.js'
import { isOneOf } from '../wire/filter.js'
import { type ArchiveRow, numberOf, textOf } from '../wire/values.js'
import {
  EMAIL_COLUMNS,
  EMAIL_MAY_LACK,
  PERSON_MAY_LACK,
  PERSON,
  isEmail,
  type Person,
  personsOf,
  unknownPerson,
  withoutAddress,
} from './person.js'

/** Most contacts of a direct read. */
const MAX_DIRECT_READ = 1_000

/** Ids are 32-bit numbers. */
const MAX_ID = 2 ** 31 - 1

/**
 * Reads persons as they are now, with all addresses and both consents (docs/wire-superoffice.md, 6.3). A read by
 * address finds everybody who has it, also as a further one. A person who hides addresses counts as a deny at those
 * that found the person. A person in the bin is missing.
 * @throws UpstreamError, AppError; RangeError for more than {@link MAX_DIRECT_READ}.
 */
export async function directRead(
  source: ReadSource,
  request: CrmReadRequest,
  context: CallContext,
): Promise<CrmReading> {
  const asked = request.by === 'contactId' ? request.contactIds : request.emails
  if (asked.length > MAX_DIRECT_READ) {
    throw new RangeError(`at most ${MAX_DIRECT_READ} contacts are read in one call`)
  }
  if (request.by === 'contactId') {
    const unique = [...new Set(request.contactIds)]
    // Only a number can be a person here; anything else would fail the query of the others.
    const contacts = await readContacts(source, unique.flatMap(toPersonId), context)
    const found = new Set(contacts.map((contact) => contact.contactId))
    const missingContactIds = unique.filter((id) => !found.has(id))
    return { contacts, subscriptions: [], missingContactIds }
  }
  const emails = [...new Set(request.emails.filter((email) => email.trim() !== ''))]
  const { emailsOf, unknownEmails } = await personsAt(source.installation.archive, emails, context)
  const contacts = (await readContacts(source, [...emailsOf.keys()], context)).map((contact) =>
    contact.emailUnreadable
      ? { ...contact, denyOnlyEmails: emailsOf.get(Number(contact.contactId)) ?? [] }
      : contact,
  )
  return {
    contacts,
    subscriptions: [],
    missingContactIds: [],
    ...(unknownEmails.length > 0 ? { unknownEmails } : {}),
  }
}

/** Complete contacts of persons; a missing person is not in the result. @throws UpstreamError, AppError */
export async function readContacts(
  source: ReadSource,
  personIds: readonly number[],
  context: CallContext,
): Promise<readonly CrmContact[]> {
  // Persons first: a consent read before its person would be older than the rest.
  const persons = await readPersons(source.installation.archive, personIds, context)
  const ids = persons.map((person) => person.personId)
  const consents = await readConsents(source, ids, 'consents.read', context)
  return persons.flatMap((person) => {
    const own = consents.get(person.personId)
    return own === undefined ? [] : [toContact(person, own)]
  })
}

/** A person's id, or none if it cannot be one. */
export function toPersonId(contactId: string): number[] {
  const id = /^[1-9]\d{0,9}$/.test(contactId) ? Number(contactId) : MAX_ID + 1
  return id <= MAX_ID ? [id] : []
}

/** Owners of the requested addresses. */
export interface PersonsAt {
  /** By the person's id. */
  readonly emailsOf: ReadonlyMap<number, readonly string[]>
  /** Addresses that may belong to somebody who is not named. */
  readonly unknownEmails: readonly string[]
}

/**
 * Everybody who has one of the addresses, as a primary or secondary one; companies have none. Each is requested in its
 * spelling and in lower case, because a database may compare with case, and also with its domain in Unicode.
 * @throws UpstreamError, AppError
 */
export async function personsAt(
  archive: Archive,
  emails: readonly string[],
  context: CallContext,
): Promise<PersonsAt> {
  const spellings = new Set(emails.flatMap((email) => [email, ...spellingsOf(email.toLowerCase())]))
  const { rows, unknown } = await listKnowing(
    archive,
    {
      values: [...spellings],
      rowsPerValue: 1,
      of: (piece) => ({
        provider: 'dynamic',
        select: [PERSON, ADDRESS, 'email.type'],
        mayLack: EMAIL_MAY_LACK,
        where: [isOneOf(ADDRESS, piece)],
        key: PERSON,
        name: 'persons.readByEmail',
        end: 'shortPage',
      }),
    },
    (row) => isEmail(row) && textOf(row, ADDRESS) === null,
    context,
  )
  const unknownEmails: string[] = []
  const addUnknown = (email: string, path: string) => {
    unknownEmails.push(email)
    context.onUnreadable?.({ operation: DYNAMIC, path, id: null })
  }
  unknown.forEach((email) => addUnknown(email, ADDRESS))
  const emailsOf = new Map<number, readonly string[]>()
  for (const row of rows.filter(isEmail)) {
    const email = textOf(row, ADDRESS) ?? ''
    const personId = numberOf(row, PERSON)
    if (personId === null) {
      addUnknown(email, PERSON)
    } else if (personId > 0) {
      emailsOf.set(personId, [...(emailsOf.get(personId) ?? []), email])
    }
  }
  return { emailsOf, unknownEmails }
}

const ADDRESS = 'email.email_address'
const DYNAMIC = 'GET /Archive/dynamic'

/**
 * Persons with all their addresses. One without any is looked up in the archive of persons; if it is missing there too,
 * or deleted, it is not in the result. A person who may own a row without an owner is unreadable.
 * @throws UpstreamError, AppError
 */
export async function readPersons(
  archive: Archive,
  personIds: readonly number[],
  context: CallContext,
): Promise<readonly Person[]> {
  const withAddress = await listPersons(archive, BY_ADDRESS, personIds, context)
  const read = personsOf(withAddress.rows, context)
  const known = new Set([...withAddress.unknown, ...read.map((person) => person.personId)])
  const others = personIds.filter((id) => !known.has(id))
  const withoutAny = await listPersons(archive, BY_ID, others, context)
  return [
    ...read.filter((person) => !person.deleted),
    ...withoutAny.rows.flatMap((row) => withoutAddress(row) ?? []).filter((one) => !one.deleted),
    ...unreadable(withoutAny.unknown, BY_ID, context),
    ...unreadable(withAddress.unknown, BY_ADDRESS, context),
  ]
}

/** An archive that lists persons, and its column of person ids. */
interface PersonArchive {
  readonly provider: string
  readonly key: string
  readonly select: readonly string[]
  readonly mayLack: readonly string[]
  readonly name: string
}

const BY_ADDRESS: PersonArchive = {
  provider: 'dynamic',
  key: PERSON,
  select: EMAIL_COLUMNS,
  mayLack: EMAIL_MAY_LACK,
  name: 'persons.read',
}

const BY_ID: PersonArchive = {
  provider: 'Person',
  key: 'personId',
  select: ['personId', 'personRegisteredDate', ...PERSON_MAY_LACK],
  mayLack: PERSON_MAY_LACK,
  name: 'persons.readWithoutAddress',
}

/**
 * The rows of these persons. `unknown`: persons who may own a row that does not name its person; none of their rows
 * counts.
 */
async function listPersons(
  archive: Archive,
  { key, ...source }: PersonArchive,
  personIds: readonly number[],
  context: CallContext,
) {
  const personOf = (row: ArchiveRow) => numberOf(row, key) ?? 0
  const { rows, unknown } = await listKnowing(
    archive,
    {
      values: personIds,
      rowsPerValue: 1,
      of: (piece) => ({ ...source, key, where: [isOneOf(key, piece)], end: 'shortPage' }),
    },
    (row, asked) => !asked.has(personOf(row)),
    context,
  )
  return { rows: rows.filter((row) => !unknown.has(personOf(row))), unknown }
}

/** Persons of whom we know only that they may exist. */
function unreadable(
  personIds: ReadonlySet<number>,
  { provider, key }: PersonArchive,
  context: CallContext,
): readonly Person[] {
  return [...personIds].map((personId) => {
    const operation = `GET /Archive/${provider}`
    context.onUnreadable?.({ operation, path: key, id: String(personId) })
    return unknownPerson(personId)
  })
}
