import type { CallContext } from '../../../http/index.js'
import type { Archive } from '../archive/archive.js'
import { listAll } from '../archive/list-in.js'
import { isQueryRefused } from '../archive/refused-query.js'
import { toFilterTime } from '../wire/time.js'
import { type ArchiveRow, numberOf, timeOf } from '../wire/values.js'
import { CONSENT_ID, CONSENT_PERSON, CONSENT_STAMPS } from './consent-row.js'
import { PERSON } from './person.js'

/** Whom a row is about, and when it was written, Unix ms; null: no time. */
export interface ChangedRow {
  readonly personId: number
  readonly stampsMs: readonly (number | null)[]
}

const PERSON_REGISTERED = 'email.person_id.registered'

/**
 * Persons with a consent row written since a time, page by page (docs/wire-superoffice.md, 6.1). A row that
 * only was inserted may have no `updated`. Never by the person's own date, which not every consent moves.
 *
 * @throws UpstreamError, AppError
 */
export async function* personsWithChangedConsent(
  archive: Archive,
  sinceMs: number,
  context: CallContext,
): AsyncGenerator<readonly ChangedRow[]> {
  const since = `afterTime '${toFilterTime(sinceMs)}'`
  const listing = {
    select: [CONSENT_ID, CONSENT_PERSON, ...CONSENT_STAMPS],
    where: [CONSENT_STAMPS.map((column) => `${column} ${since}`).join(' or ')],
    key: CONSENT_ID,
    name: 'delta.read',
  } as const
  for await (const rows of listAll(archive, listing, context)) {
    yield changedRows(rows, CONSENT_PERSON, CONSENT_STAMPS, context)
  }
}

/**
 * Persons with an address who were registered since a time, for those whose consent rows do not tell. A server
 * that does not filter by a joined column answers nobody: the daily walk by address finds them.
 *
 * @throws UpstreamError, AppError
 */
export async function* newPersons(
  archive: Archive,
  sinceMs: number,
  context: CallContext,
): AsyncGenerator<readonly ChangedRow[]> {
  const isNew = `${PERSON_REGISTERED} afterTime '${toFilterTime(sinceMs)}'`
  const what = { select: [PERSON, PERSON_REGISTERED], name: 'delta.readNew' }
  const listing = { ...what, where: [isNew], key: PERSON }
  try {
    for await (const rows of listAll(archive, listing, context)) {
      yield changedRows(rows, PERSON, [PERSON_REGISTERED], context)
    }
  } catch (error) {
    const first = { ...what, provider: 'dynamic', filter: isNew, orderBy: PERSON, top: 1 }
    if (!(await isQueryRefused(archive, first, error, context))) {
      throw error
    }
  }
}

/** A row that does not tell whose it is, is passed over: a sendout reads everybody directly, and the walk does daily. */
function changedRows(
  rows: readonly ArchiveRow[],
  person: string,
  stamps: readonly string[],
  context: CallContext,
): readonly ChangedRow[] {
  return rows.flatMap((row): ChangedRow[] => {
    const personId = numberOf(row, person)
    if (personId === null) {
      context.onUnreadable?.({ operation: 'GET /Archive/dynamic', path: person, id: null })
    }
    const stampsMs = stamps.map((column) => timeOf(row, column))
    return personId === null || personId <= 0 ? [] : [{ personId, stampsMs }]
  })
}
