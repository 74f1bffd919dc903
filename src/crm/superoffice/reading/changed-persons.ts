import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { Archive } from '../archive/archive.js'
import { listAll } from '../archive/list-in.js'
import { toFilterTime } from '../wire/time.js'
import { requiredNumberOf } from '../wire/values.js'
import { CONSENT_ID, CONSENT_PERSON } from './consent-row.js'
import { PERSON } from './person.js'

/**
 * Ids of persons with a consent row written since a time, page by page (docs/wire-superoffice.md, 6.1). A row that
 * only was inserted may have no `updated`. Never by the person's own date, which not every consent moves.
 *
 * @throws UpstreamError, AppError
 */
export async function* personsWithChangedConsent(
  archive: Archive,
  sinceMs: number,
  context: CallContext,
): AsyncGenerator<readonly number[]> {
  const since = `afterTime '${toFilterTime(sinceMs)}'`
  const listing = {
    select: [CONSENT_ID, CONSENT_PERSON],
    where: [`consentperson.updated ${since} or consentperson.registered ${since}`],
    key: CONSENT_ID,
    name: 'delta.read',
  } as const
  for await (const rows of listAll(archive, listing, context)) {
    yield distinct(rows.map((row) => requiredNumberOf(row, CONSENT_PERSON)))
  }
}

/**
 * Ids of persons with an address who were registered since a time, for those whose consent rows do not tell. A server
 * that does not filter by a joined column answers nobody: the daily walk by address finds them.
 *
 * @throws UpstreamError, AppError
 */
export async function* newPersons(
  archive: Archive,
  sinceMs: number,
  context: CallContext,
): AsyncGenerator<readonly number[]> {
  const listing = {
    select: [PERSON, 'email.person_id.registered'],
    where: [`email.person_id.registered afterTime '${toFilterTime(sinceMs)}'`],
    key: PERSON,
    name: 'delta.readNew',
  } as const
  try {
    for await (const rows of listAll(archive, listing, context)) {
      yield distinct(rows.map((row) => requiredNumberOf(row, PERSON)))
    }
  } catch (error) {
    if (!(error instanceof UpstreamError && error.status === 400)) {
      throw error
    }
  }
}

function distinct(ids: readonly number[]): readonly number[] {
  return [...new Set(ids.filter((id) => id > 0))]
}
