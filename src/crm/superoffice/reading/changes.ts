import type { CallContext } from '../../../http/index.js'
import type { CrmChangePage } from '../../crm.js'
import { listAll } from '../archive/list-in.js'
import { chunksOf } from '../in-parallel.js'
import { newPersons, personsWithChangedConsent } from './changed-persons.js'
import type { ConsentRow } from './consent-row.js'
import { cursorAfter, readCursor, writeCursor } from './cursor.js'
import { readContacts } from './direct-read.js'
import { EMAIL_COLUMNS, EMAIL_MAY_LACK, PERSON, personsOf } from './person.js'
import { readConsents, type ReadSource } from './read-consents.js'
import { StampWatch } from './stamp-watch.js'
import { toContact } from './to-contact.js'

/** Persons read at once on behalf of a page of changes. */
const PERSONS_AT_ONCE = 500

const EMPTY_PAGE = {
  contacts: [],
  subscriptions: [],
  deletedContactIds: [],
  deletedSubscriptionRowIds: [],
  nextCursor: null,
}

/** Our clock, and one that is never set. */
export interface Time {
  readonly nowMs: () => number
  readonly tickMs: () => number
}

const TIME: Time = { nowMs: () => Date.now(), tickMs: () => performance.now() }

/**
 * Persons whose consent changed since the cursor, each read anew and complete; from nothing, everybody who has an
 * address (docs/wire-superoffice.md, 6.1). The last page alone has the next cursor. Not a complete delta: a row that was
 * deleted, or a changed address, does not show.
 *
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
    stamps.saw(String(personId), registeredMs, updatedMs)
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
    persons.forEach((person) => stamps.saw(String(person.personId), person.registeredAtMs))
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
  const done = new Set<number>()
  for (const listing of [personsWithChangedConsent, newPersons]) {
    for await (const rows of listing(archive, sinceMs, context)) {
      rows.forEach(({ personId, stampsMs }) => stamps.saw(String(personId), ...stampsMs))
      const ids = new Set(rows.map(({ personId }) => personId))
      const due = [...ids].filter((id) => !done.has(id))
      due.forEach((id) => done.add(id))
      for (const chunk of chunksOf(due, PERSONS_AT_ONCE)) {
        const contacts = await readContacts(source, chunk, context)
        const found = new Set(contacts.map((contact) => contact.contactId))
        const deletedContactIds = chunk.map(String).filter((id) => !found.has(id))
        yield { ...EMPTY_PAGE, contacts, deletedContactIds, baseline: false }
      }
    }
  }
}
