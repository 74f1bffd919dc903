import { spellingsOf } from '../../../domain/email-address.js'
import type { CallContext } from '../../../http/index.js'
import type { Archive } from '../archive/archive.js'
import { listKnowing } from '../archive/list-in.js'
import { isOneOf } from '../wire/filter.js'
import { numberOf, textOf } from '../wire/values.js'
import {
  EMAIL_COLUMNS,
  EMAIL_MAY_LACK,
  PERSON_MAY_LACK,
  PERSON,
  isEmail,
  type Person,
  personsOf,
  untoldPerson,
  withoutAddress,
} from './person.js'

/** Who has addresses that were asked for. */
export interface PersonsAt {
  /** By the person's id. */
  readonly emailsOf: ReadonlyMap<number, readonly string[]>
  /** Addresses that may be of somebody of whom it is not told who. */
  readonly untold: readonly string[]
}

/**
 * Everybody who has one of the addresses, as primary or further one; companies have none. Each is asked for as it
 * is written and in lower case, as a database may compare with case, and its domain in Unicode too.
 *
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
  const untold: string[] = []
  const isUntold = (email: string, path: string) => {
    untold.push(email)
    context.onUnreadable?.({ operation: DYNAMIC, path, id: null })
  }
  unknown.forEach((email) => isUntold(email, ADDRESS))
  const emailsOf = new Map<number, readonly string[]>()
  for (const row of rows.filter(isEmail)) {
    const email = textOf(row, ADDRESS) ?? ''
    const personId = numberOf(row, PERSON)
    if (personId === null) {
      isUntold(email, PERSON)
    } else if (personId > 0) {
      emailsOf.set(personId, [...(emailsOf.get(personId) ?? []), email])
    }
  }
  return { emailsOf, untold }
}

const ADDRESS = 'email.email_address'
const DYNAMIC = 'GET /Archive/dynamic'

/**
 * Persons with all their addresses. One without any is looked for in the archive of persons; whoever is not there
 * either, or is deleted, is not in the result. Whoever may have a row that does not tell whose it is, is unreadable.
 *
 * @throws UpstreamError, AppError
 */
export async function readPersons(
  archive: Archive,
  personIds: readonly number[],
  context: CallContext,
): Promise<readonly Person[]> {
  const { rows, unknown } = await listKnowing(
    archive,
    {
      values: personIds,
      rowsPerValue: 1,
      of: (piece) => ({
        provider: 'dynamic',
        select: EMAIL_COLUMNS,
        mayLack: EMAIL_MAY_LACK,
        where: [isOneOf(PERSON, piece)],
        key: PERSON,
        name: 'persons.read',
        end: 'shortPage',
      }),
    },
    (row, asked) => !asked.has(numberOf(row, PERSON) ?? 0),
    context,
  )
  const withRows = personsOf(
    rows.filter((row) => !unknown.has(numberOf(row, PERSON) ?? 0)),
    context,
  )
  const known = new Set([...unknown, ...withRows.map((person) => person.personId)])
  const others = await readWithoutAddress(
    archive,
    personIds.filter((id) => !known.has(id)),
    context,
  )
  return [
    ...withRows.filter((person) => !person.deleted),
    ...others,
    ...unreadable(unknown, DYNAMIC, PERSON, context),
  ]
}

/** Persons of whom only that they may be there is known. */
function unreadable(
  personIds: ReadonlySet<number>,
  operation: string,
  path: string,
  context: CallContext,
): readonly Person[] {
  return [...personIds].map((personId) => {
    context.onUnreadable?.({ operation, path, id: String(personId) })
    return untoldPerson(personId)
  })
}

async function readWithoutAddress(
  archive: Archive,
  personIds: readonly number[],
  context: CallContext,
): Promise<readonly Person[]> {
  const { rows, unknown } = await listKnowing(
    archive,
    {
      values: personIds,
      rowsPerValue: 1,
      of: (piece) => ({
        provider: 'Person',
        select: ['personId', 'personRegisteredDate', ...PERSON_MAY_LACK],
        mayLack: PERSON_MAY_LACK,
        where: [isOneOf('personId', piece)],
        key: 'personId',
        name: 'persons.readWithoutAddress',
        end: 'shortPage',
      }),
    },
    (row, asked) => !asked.has(numberOf(row, 'personId') ?? 0),
    context,
  )
  const read = rows.flatMap((row) => withoutAddress(row) ?? [])
  return [
    ...read.filter(({ personId, deleted }) => !deleted && !unknown.has(personId)),
    ...unreadable(unknown, 'GET /Archive/Person', 'personId', context),
  ]
}
