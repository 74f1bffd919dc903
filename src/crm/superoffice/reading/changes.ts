import type { CallContext, ClockReading } from '../../../http/index.js'
import { type CrmChangePage, CrmCursorExpired } from '../../crm.js'
import { listAll } from '../archive/list-in.js'
import { chunksOf } from '../in-parallel.js'
import { newPersons, personsWithChangedConsent } from './changed-persons.js'
import { readCursor, writeCursor } from './cursor.js'
import { readContacts } from './direct-read.js'
import { EMAIL_COLUMNS, EMAIL_MAY_LACK, PERSON, personsOf } from './person.js'
import { readConsents, type ReadSource } from './read-consents.js'
import { toContact } from './to-contact.js'

/**
 * How far a listing reaches back before its watermark: clocks of web and database server, long transactions, whole
 * seconds. What it delivers twice changes nothing.
 */
const OVERLAP_MS = 5 * 60_000

/** Persons read at once on behalf of a page of changes. */
const PERSONS_AT_ONCE = 500

const EMPTY_PAGE = {
  contacts: [],
  subscriptions: [],
  deletedContactIds: [],
  deletedSubscriptionRowIds: [],
  nextCursor: null,
}

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
  outer: CallContext,
): AsyncGenerator<CrmChangePage> {
  const cursor = stored === null ? null : readCursor(stored)
  const startedMs = Date.now()
  const clock = { first: null as ClockReading | null }
  const onClock = (reading: ClockReading) => {
    clock.first ??= reading
    outer.onClock?.(reading)
  }
  const context = { ...outer, onClock }
  if (cursor === null) {
    yield* everybody(source, context)
  } else {
    yield* changedSince(source, cursor.watermarkMs - OVERLAP_MS, context)
  }
  // By the server's clock, which its stamps are from, at the first of the requests.
  const watermarkMs = startedMs + (clock.first?.offsetMs ?? 0)
  if (cursor !== null && watermarkMs < cursor.watermarkMs - OVERLAP_MS) {
    throw new CrmCursorExpired("the server's clock was set back behind the cursor")
  }
  const nextCursor = writeCursor({ watermarkMs: Math.max(0, Math.floor(watermarkMs)) })
  yield { ...EMPTY_PAGE, baseline: cursor === null, nextCursor }
}

async function* everybody(source: ReadSource, context: CallContext): AsyncGenerator<CrmChangePage> {
  const listing = {
    select: EMAIL_COLUMNS,
    mayLack: EMAIL_MAY_LACK,
    where: [],
    key: PERSON,
    name: 'baseline.read',
  } as const
  for await (const rows of listAll(source.installation.archive, listing, context)) {
    const persons = personsOf(rows).filter(({ deleted, addresses }) => !deleted && addresses.length)
    const ids = persons.map((person) => person.personId)
    const consents = await readConsents(source, ids, 'consents.read', context)
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
  context: CallContext,
): AsyncGenerator<CrmChangePage> {
  const { archive } = source.installation
  const done = new Set<number>()
  for (const listing of [personsWithChangedConsent, newPersons]) {
    for await (const ids of listing(archive, Math.max(0, sinceMs), context)) {
      const due = ids.filter((id) => !done.has(id))
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
