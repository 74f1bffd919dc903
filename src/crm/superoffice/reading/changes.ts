import { chunksOf } from '../../../domain/lists.js'
import type { CallContext } from '../../../http/index.js'
import type { CrmChangePage } from '../../crm.js'
import { listAll } from '../archive/list-in.js'
import { type ConsentRow, CONSENT_ID, CONSENT_PERSON, CONSENT_STAMPS } from './consent-row.js'
import { cursorAfter, readCursor, writeCursor } from './cursor.js'
import { readContacts } from './direct-read.js'
import { EMAIL_COLUMNS, EMAIL_MAY_LACK, PERSON, personsOf } from './person.js'
import { readConsents, type ReadSource } from './read-consents.js'
import { StampWatch, PersonIds } from './stamp-watch.js'
import { toContact } from './person.js'
import { type Archive, isQueryRefused } from '../archive/archive.js'
import { toFilterTime } from '../wire/time.js'
import { type ArchiveRow, numberOf, timeOf } from '../wire/values.js'

/** Persons read together for a page of changes. */
const PERSONS_AT_ONCE = 500

const EMPTY_PAGE = {
  contacts: [],
  subscriptions: [],
  deletedContactIds: [],
  deletedSubscriptionRowIds: [],
  nextCursor: null,
}

/** Our wall clock, and a monotonic one. */
export interface Time {
  readonly nowMs: () => number
  readonly tickMs: () => number
}

const TIME: Time = { nowMs: () => Date.now(), tickMs: () => performance.now() }

/**
 * Persons whose consent changed since the cursor, each read again completely; without a cursor, everybody with an
 * address (docs/wire-superoffice.md, 6.1). Only the last page has the next cursor. Not a complete delta: it misses
 * deleted rows and changed addresses.
 * @throws CrmCursorExpired, UpstreamError, AppError
 */
export async function* readChanges(
  source: ReadSource,
  stored: string | null,
  context: CallContext,
  { nowMs, tickMs }: Time = TIME,
): AsyncGenerator<CrmChangePage> {
  const beganAtMs = nowMs()
  const begunTick = tickMs()
  const cursor = stored === null ? null : readCursor(stored, beganAtMs)
  const stamps = new StampWatch(cursor ?? { watermarkMs: 0, sinceMs: 0 }, nowMs)
  if (cursor === null) {
    yield* everybody(source, stamps, context)
  } else {
    const reachMs = await source.installation.filterTimes.reachMs(context)
    yield* changedSince(source, Math.max(0, cursor.sinceMs - reachMs), stamps, context)
  }
  const next = cursorAfter(cursor, { stamps, beganAtMs, tookMs: tickMs() - begunTick })
  yield {
    ...EMPTY_PAGE,
    baseline: cursor === null,
    nextCursor: writeCursor(next),
    futureStamps: stamps.future,
  }
}

async function* everybody(
  source: ReadSource,
  stamps: StampWatch,
  context: CallContext,
): AsyncGenerator<CrmChangePage> {
  const onRow = ({ personId, registeredMs, updatedMs }: ConsentRow) =>
    stamps.saw(personId, registeredMs, updatedMs)
  const listing = {
    select: EMAIL_COLUMNS,
    mayLack: EMAIL_MAY_LACK,
    where: [],
    key: PERSON,
    name: 'baseline.read',
  } as const
  for await (const rows of listAll(source.installation.archive, listing, context)) {
    const persons = personsOf(rows, context).filter(
      ({ deleted, addresses }) => !deleted && addresses.length,
    )
    persons.forEach((person) => stamps.saw(person.personId, person.registeredAtMs))
    const ids = persons.map((person) => person.personId)
    const consents = await readConsents({ ...source, onRow }, ids, 'consents.read', context)
    const contacts = persons.flatMap((person) => {
      const own = consents.get(person.personId)
      return own === undefined ? [] : [toContact(person, own)]
    })
    yield { ...EMPTY_PAGE, contacts, baseline: true }
  }
}

async function* changedSince(
  source: ReadSource,
  sinceMs: number,
  stamps: StampWatch,
  context: CallContext,
): AsyncGenerator<CrmChangePage> {
  const { archive } = source.installation
  const done = new PersonIds()
  for (const listing of [personsWithChangedConsent, newPersons]) {
    for await (const rows of listing(archive, sinceMs, context)) {
      rows.forEach(({ personId, stampsMs }) => stamps.saw(personId, ...stampsMs))
      const due = rows.map(({ personId }) => personId).filter((id) => done.add(id))
      for (const chunk of chunksOf(due, PERSONS_AT_ONCE)) {
        const contacts = await readContacts(source, chunk, context)
        const found = new Set(contacts.map((contact) => contact.contactId))
        const deletedContactIds = chunk.map(String).filter((id) => !found.has(id))
        yield { ...EMPTY_PAGE, contacts, deletedContactIds, baseline: false }
      }
    }
  }
}

/** The person of a row, and when it was written, Unix ms; null: no time. */
export interface ChangedRow {
  readonly personId: number
  readonly stampsMs: readonly (number | null)[]
}

const PERSON_REGISTERED = 'email.person_id.registered'

/**
 * Persons with a consent row written since a time, page by page (docs/wire-superoffice.md, 6.1). A row that was never
 * updated may lack `updated`. The person's own date is not used, because not every consent changes it.
 * @throws UpstreamError, AppError
 */
async function* personsWithChangedConsent(
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
 * Persons with an address who were registered since a time, in case their consent rows do not show it. A server that
 * does not filter by a joined column returns nobody: the daily walk by address finds them.
 * @throws UpstreamError, AppError
 */
async function* newPersons(
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

/** A row that does not name its person is skipped: a sendout reads everybody directly, and so does the daily walk. */
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
