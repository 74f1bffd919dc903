import { chunksOf } from '../../domain/lists.js'
import { dueMarks, selectNewestDue } from '../../ledger/address/addresses.js'
import { addressesOfCrmContacts, crmContactsOfRows } from '../../ledger/copy/crm-mirror-rows.js'
import {
  deferHints,
  dueHints,
  markHintsHandled,
  nextHintDueMs,
  type WaitingHint,
} from '../../ledger/run/inbox.js'
import { withoutEchoes } from '../../ledger/run/echoes.js'
import { secondaryIdsAt } from '../../ledger/copy/secondary-addresses.js'
import { catchUpEmarketeer } from '../mirror/catch-up-emarketeer.js'
import { readCrmAt, readCrmContacts } from '../mirror/read-crm.js'
import { readUnreadStates } from '../mirror/read-unread.js'
import { MAX_BATCH } from '../pass/batch-pass.js'
import { syncAndCreateMissing } from './create-missing.js'
import { isReadUnderLease, settleRun } from './sync-addresses.js'
import { addCounts, emptyCounts, type SyncCounts } from '../pass/batch.js'
import type { SyncSession } from '../../connection/session.js'

const MAX_HINTS = 1_000
/**
 * Most addresses that one drain syncs. Webhooks bring the newest changes; the sweep handles the rest of a bulk change.
 */
const MAX_ADDRESSES = 200

export interface DrainedInbox {
  readonly counts: SyncCounts
  readonly nextDueMs: number | null
}

/**
 * Handles the due webhook hints of one shard (rule E4). A hint only shows where to look: the feed is read, CRM records
 * are requested, and the changes are synced. Until then a hint of a deny counts at the send gate (G7).
 */
export async function drainInbox(session: SyncSession, shard: number): Promise<DrainedInbox> {
  const { db, connection } = session
  let counts = emptyCounts()
  for (;;) {
    const hints = await dueHints(db, connection.connectionId, shard, MAX_HINTS)
    if (hints.length === 0) {
      return { counts, nextDueMs: await nextHintDueMs(db, connection.connectionId, shard) }
    }
    const ids = hints.map((hint) => hint.inboxId)
    try {
      const news = await withoutEchoes(db, connection.connectionId, hints)
      counts = news.length === 0 ? counts : addCounts(counts, await handle(session, news))
      await markHintsHandled(db, ids)
    } catch (error) {
      await deferHints(db, ids)
      throw error
    }
  }
}

async function handle(session: SyncSession, hints: readonly WaitingHint[]): Promise<SyncCounts> {
  const { db, connection } = session
  if (hints.some((hint) => hint.source === 'emarketeer')) {
    await catchUpEmarketeer(session)
  }
  const read = await readHinted(session, await contactsOf(session, hints))
  const newest = (await selectNewestDue(db, connection.connectionId, MAX_ADDRESSES))
    .map((mark) => mark.addressId)
    .filter((id) => !read.includes(id))
  // If there are no more addresses than may become mailable anyway, they need not be staged and counted before they are
  // written (F4).
  const isFew = read.length + newest.length <= connection.newlyMailableLimit
  const loosening = isFew ? 'release' : 'stage'
  const counts = addCounts(
    await syncAndCreateMissing(session, read, { reading: 'done', loosening }),
    await syncAndCreateMissing(session, newest, { reading: 'direct', loosening }),
  )
  return addCounts(counts, (await settleRun(session)).counts)
}

/**
 * Reads the records of hints, with all others at their addresses, and then eMarketeer's feed if something is due. Most
 * hints are echoes of our own writes: the records equal our copy and nothing is due. If the CRM cannot refuse a stale
 * write, the pass reads the addresses itself.
 * @returns the addresses that are due.
 */
async function readHinted(
  session: SyncSession,
  contactIds: readonly string[],
): Promise<readonly number[]> {
  if (contactIds.length === 0) {
    return []
  }
  const { db, connection } = session
  const { connectionId } = connection
  if (isReadUnderLease(session)) {
    await readCrmContacts(session, contactIds)
    const of = await addressesOfCrmContacts(db, connectionId, contactIds)
    return (await dueMarks(db, of)).map((mark) => mark.addressId)
  }
  const known = await addressesOfCrmContacts(db, connectionId, contactIds)
  const [first = [], ...rest] = chunksOf(known, MAX_BATCH)
  await readCrmAt(session, first, contactIds)
  for (const part of rest) {
    await readCrmAt(session, part)
  }
  const now = await addressesOfCrmContacts(db, connectionId, contactIds)
  const marks = await dueMarks(db, [...new Set([...known, ...now])])
  const due = marks.map((mark) => mark.addressId)
  // An address at which a record has just arrived may have other records.
  for (const part of chunksOf(
    due.filter((id) => !known.includes(id)),
    MAX_BATCH,
  )) {
    await readCrmAt(session, part)
  }
  if (due.length > 0) {
    await readUnreadStates(session, [...due, ...(await secondaryIdsAt(db, due))])
    await catchUpEmarketeer(session)
  }
  return due
}

/** Contacts of the CRM hints. A hint about an unknown row names its contact; otherwise the sweep finds the row. */
async function contactsOf(
  session: SyncSession,
  hints: readonly WaitingHint[],
): Promise<readonly string[]> {
  const crmHints = hints.filter((hint) => hint.source === 'crm')
  const named = crmHints.map((hint) =>
    hint.entity === 'contact' ? hint.entityId : hint.crmContactId,
  )
  const rowIds = crmHints
    .filter((hint) => hint.entity === 'subscription' && hint.crmContactId === null)
    .map((hint) => hint.entityId)
  const ofRows = await crmContactsOfRows(session.db, session.connection.connectionId, rowIds)
  const ids = [...named, ...ofRows].filter((id) => id !== null)
  return [...new Set(ids)]
}
