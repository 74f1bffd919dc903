import { dueMarks, selectNewestDue } from '../../ledger/address/addresses.js'
import { addressesOfCrmContacts, crmContactsOfRows } from '../../ledger/copy/crm-mirror-rows.js'
import {
  deferHints,
  dueHints,
  markHintsHandled,
  nextHintDueMs,
  type WaitingHint,
} from '../../ledger/run/inbox.js'
import { catchUpEmarketeer } from '../mirror/catch-up-emarketeer.js'
import { syncAndCreateMissing } from './create-missing.js'
import { readCrmContacts } from '../mirror/read-crm.js'
import { settleRun } from './sync-addresses.js'
import { addCounts, emptyCounts, type SyncCounts } from '../pass/batch.js'
import type { SyncSession } from '../../connection/session.js'

const MAX_HINTS = 1_000
/** Webhooks bring the newest changes; the sweep takes the rest of a bulk change. */
const MAX_ADDRESSES = 200

export interface DrainedInbox {
  readonly counts: SyncCounts
  readonly nextDueMs: number | null
}

/**
 * Handles the due webhook hints of one shard (rule E4). A hint says only where to look: the feed is read, CRM records
 * are fetched, and what changed is synced. Until then a hint that says deny counts at the send gate (G7).
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
      counts = addCounts(counts, await handle(session, hints))
      await markHintsHandled(db, ids)
    } catch (error) {
      await deferHints(db, ids)
      throw error
    }
  }
}

async function handle(session: SyncSession, hints: readonly WaitingHint[]): Promise<SyncCounts> {
  const { db, connection } = session
  await catchUpEmarketeer(session)
  const contactIds = await contactsOf(session, hints)
  await readCrmContacts(session, contactIds)
  const ofContacts = await addressesOfCrmContacts(db, connection.connectionId, contactIds)
  // Most hints are echoes of our own writes: the fetched record equals our copy and nothing is due.
  const changed = await dueMarks(db, ofContacts)
  const newest = await selectNewestDue(db, connection.connectionId, MAX_ADDRESSES)
  const ids = [...new Set([...changed, ...newest].map((mark) => mark.addressId))]
  const counts = await syncAndCreateMissing(session, ids, { reading: 'direct', loosening: 'stage' })
  const settled = await settleRun(session)
  return addCounts(counts, settled.counts)
}

/** Contacts of the CRM hints. A hint about an unknown row names its contact, or the sweep finds it. */
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
