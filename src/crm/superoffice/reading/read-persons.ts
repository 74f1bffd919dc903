import { spellingsOf } from '../../../domain/email-address.js'
import type { CallContext } from '../../../http/index.js'
import type { Archive } from '../archive/archive.js'
import { listIn } from '../archive/list-in.js'
import { isOneOf } from '../wire/filter.js'
import { type ArchiveRow, numberOf } from '../wire/values.js'
import {
  EMAIL_COLUMNS,
  EMAIL_MAY_LACK,
  PERSON_MAY_LACK,
  PERSON,
  isEmail,
  type Person,
  personsOf,
  withoutAddress,
} from './person.js'

/**
 * Ids of everybody who has one of the addresses, as primary or further one; companies have none. Each is asked for as it
 * is written and in lower case, as a database may compare with case, and its domain in Unicode too.
 *
 * @throws UpstreamError, AppError
 */
export async function personIdsAt(
  archive: Archive,
  emails: readonly string[],
  context: CallContext,
): Promise<readonly number[]> {
  const spellings = new Set(emails.flatMap((email) => [email, ...spellingsOf(email.toLowerCase())]))
  const rows = await listIn(
    archive,
    {
      values: [...spellings],
      rowsPerValue: 1,
      of: (piece) => ({
        provider: 'dynamic',
        select: [PERSON, 'email.email_address', 'email.type'],
        mayLack: EMAIL_MAY_LACK,
        where: [isOneOf('email.email_address', piece)],
        key: PERSON,
        name: 'persons.readByEmail',
        end: 'shortPage',
      }),
    },
    context,
  )
  return [...new Set(rows.filter(isEmail).map((row) => numberOf(row, PERSON) ?? 0))]
}

/**
 * Persons with all their addresses. One without any is looked for in the archive of persons; whoever is not there
 * either, or is deleted, is not in the result.
 *
 * @throws UpstreamError, AppError
 */
export async function readPersons(
  archive: Archive,
  personIds: readonly number[],
  context: CallContext,
): Promise<readonly Person[]> {
  const rows = await listIn(
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
    context,
  )
  const withRows = personsOf(rows, context)
  const known = new Set(withRows.map((person) => person.personId))
  const others = await readWithoutAddress(
    archive,
    personIds.filter((id) => !known.has(id)),
    context,
  )
  return [...withRows.filter((person) => !person.deleted), ...others]
}

async function readWithoutAddress(
  archive: Archive,
  personIds: readonly number[],
  context: CallContext,
): Promise<readonly Person[]> {
  const rows: readonly ArchiveRow[] = await listIn(
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
    context,
  )
  return rows.flatMap((row) => withoutAddress(row) ?? []).filter((person) => !person.deleted)
}
