import { chunksOf } from '../../domain/lists.js'
import { countCrmRows, crmContactsNotReadSince } from '../../ledger/copy/crm-mirror-rows.js'
import { CrmCursorExpired, type CrmChangePage } from '../../crm/crm.js'
import { findConnection } from '../../ledger/connection/connections.js'
import {
  upsertCrmContacts,
  upsertCrmSubscriptions,
  noteDeletedCrmContacts,
  noteDeletedCrmSubscriptions,
  type ListingOption,
} from './upsert-crm.js'
import { saveFutureStamps } from '../../ledger/connection/crm-notices.js'
import { restartCrmWalk } from '../../ledger/copy/crm-walk.js'
import { beginRelisting, dropCursor, moveCrmCursor } from '../../ledger/connection/cursors.js'
import { type Transaction, nextTick } from '../../ledger/db/database.js'
import { idPages } from '../../ledger/db/id-pages.js'
import type { ReadWindow } from '../../domain/read-window.js'
import { noteCrmClock } from '../../connection/crm-clock.js'
import { oneAhead } from './one-ahead.js'
import { doubtAddresses, readCrmContacts, readingCrm } from './read-crm.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'
import { assertMaySync } from '../../connection/permissions.js'

const CHUNK = 1_000

/**
 * `complete` is false if a row did not name its owner. Then the reading proves nothing about records that it did not
 * mention.
 */
interface CrmCatchUp {
  readonly complete: boolean
}

/**
 * Reads everything that changed in the CRM since the last complete reading. If the result is complete and the CRM's
 * deltas are, every record that was not mentioned is proven as of the start (docs/reconciliation.md).
 *
 * A page is stored while the next one is read. The cursor moves only after every page is stored, so the reading is
 * repeated after a crash.
 */
export async function catchUpCrm(session: SyncSession): Promise<CrmCatchUp> {
  const { connectionId } = session.connection
  for (;;) {
    const connection = await findConnection(session.db, connectionId)
    const cursor = connection?.crmCursor ?? null
    // With a cursor, a listing is the first one of a table of subscriptions that is new.
    const listedBefore = cursor === null && (connection?.crmProvenAt ?? null) !== null
    try {
      const result = await readingCrm(session, () => readFrom(session, cursor, listedBefore))
      if (result?.complete) {
        return result
      }
      if (result) {
        if (!(await beginRelisting(session.db, connectionId))) {
          return result
        }
        session.log.warn({ connectionId }, 'a row does not say whose it is; everything is listed')
      }
      // Another reader moved the cursor first. That reading may have begun too early to prove anything for this caller,
      // so the changes are read again.
    } catch (error) {
      if (!(error instanceof CrmCursorExpired) || cursor === null) {
        throw error
      }
      session.log.warn({ connectionId }, 'the CRM no longer knows the cursor; everything is read')
      await dropCursor(session.db, connectionId, 'crm', cursor)
    }
  }
}

/** @returns null if another reader stored its cursor first. */
async function readFrom(
  session: SyncSession,
  cursor: string | null,
  listedBefore: boolean,
): Promise<CrmCatchUp | null> {
  const { connectionId } = session.connection
  const provenAt = new Date()
  const from = await nextTick(session.db)
  let done = 0
  let next: string | null = null
  let unattributed = false
  const isFirst = cursor === null && (await countCrmRows(session.db, connectionId, 1)) === 0
  const pages = requireCrm(session).client.readChanges(cursor, session.call)
  for await (const page of oneAhead(pages)) {
    // It ends no earlier than the reading of the page: a longer window claims less.
    const window = { from, to: await nextTick(session.db) }
    await assertMaySync(session.db, session)
    await storePage(session, page, window, { listing: page.baseline, listedBefore, isFirst })
    done += page.contacts.length + page.subscriptions.length
    session.heartbeat({ done, total: null })
    next = page.nextCursor ?? next
    unattributed ||= page.unattributed === true
    await noteFutureStamps(session, page.futureStamps)
  }
  if (next === null) {
    throw new Error('the CRM ended its changes without a cursor')
  }
  if (cursor === null) {
    await (requireCrm(session).capabilities.completeDelta
      ? verifyUnlisted(session, from)
      : // The listing does not name everybody. The walk over all addresses finds who has which one.
        restartCrmWalk(session.db, connectionId))
  }
  const moved = await moveCrmCursor(session.db, {
    connectionId,
    unattributed,
    expected: cursor,
    next,
    provenTick: from,
    provenAt,
  })
  await noteCrmClock(session)
  return moved
}

/**
 * Lists records with a time in the future for `connection show`. Every sweep reads them again until their time is
 * corrected.
 */
async function noteFutureStamps(
  { db, connection: { connectionId }, log }: SyncSession,
  found: CrmChangePage['futureStamps'],
): Promise<void> {
  if (found === undefined) {
    return
  }
  const { count } = found
  await saveFutureStamps(db, connectionId, count === 0 ? null : found)
  if (count > 0) {
    log.warn(
      { connectionId, count },
      'records of the CRM are stamped more than a day ahead of our clock',
    )
  }
}

/** Stores a page in chunks, each in its own transaction: storing a row twice changes nothing. */
async function storePage(
  session: SyncSession,
  page: CrmChangePage,
  window: ReadWindow,
  listing: ListingOption,
): Promise<void> {
  const { connectionId } = session.connection
  const chunks: ((tx: Transaction) => Promise<unknown>)[] = [
    ...chunksOf(page.contacts, CHUNK).map(
      (part) => (tx: Transaction) => upsertCrmContacts(tx, connectionId, part, window, listing),
    ),
    ...chunksOf(page.subscriptions, CHUNK).map(
      (part) => (tx: Transaction) =>
        upsertCrmSubscriptions(tx, connectionId, part, window, listing),
    ),
    ...chunksOf(page.deletedContactIds, CHUNK).map(
      (part) => (tx: Transaction) => noteDeletedCrmContacts(tx, connectionId, part, window),
    ),
    ...chunksOf(page.deletedSubscriptionRowIds, CHUNK).map(
      (part) => (tx: Transaction) => noteDeletedCrmSubscriptions(tx, connectionId, part),
    ),
    ...chunksOf(page.unknownEmails ?? [], CHUNK).map(
      (part) => (tx: Transaction) => doubtAddresses(tx, connectionId, part),
    ),
  ]
  for (const store of chunks) {
    await session.db.transaction(store)
  }
}

/** Reads the records that a complete listing did not mention: a missing mention is not a deletion (F3). */
async function verifyUnlisted(session: SyncSession, tick: number): Promise<void> {
  const { connectionId } = session.connection
  const unlisted = idPages((after) =>
    crmContactsNotReadSince(session.db, connectionId, tick, after, CHUNK),
  )
  for await (const page of unlisted) {
    await readCrmContacts(
      session,
      page.map(({ id }) => id),
    )
  }
}
