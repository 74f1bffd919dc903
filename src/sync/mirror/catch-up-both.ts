import { catchUpCrm } from './catch-up-crm.js'
import { catchUpEmarketeer } from './catch-up-emarketeer.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'
import { homelessCrmContacts } from '../../ledger/copy/crm-mirror-rows.js'
import { readCrmContacts, readCrmAt } from './read-crm.js'
import {
  beginCrmWalk,
  crmWalkOf,
  moveCrmWalk,
  nextToWalk,
  type CrmWalk,
} from '../../ledger/copy/crm-walk.js'
import { secondaryIdsAt } from '../../ledger/copy/secondary-addresses.js'
import { readUnreadStates } from './read-unread.js'

/** Most contacts of one direct reading. */
const MOST_HOMELESS = 1_000

/**
 * Brings the copy of both sides up to date: eMarketeer's feed, the CRM's changes, and the feed again to see what moved
 * in between (docs/reconciliation.md, "A pass"). If deltas do not prove who has an address, a share of the addresses is
 * also read directly.
 */
export async function catchUpBoth(session: SyncSession): Promise<void> {
  const { capabilities } = requireCrm(session)
  await catchUpEmarketeer(session)
  await catchUpCrm(session)
  await readHomeless(session)
  if (!capabilities.completeDelta) {
    await walkAddresses(session)
  }
  await catchUpEmarketeer(session)
}

/**
 * Reads records without a known address by their ids. No reading by address finds them, and no sendout is complete
 * while there is one (B8).
 */
async function readHomeless(session: SyncSession): Promise<void> {
  const { db, connection } = session
  await readCrmContacts(
    session,
    await homelessCrmContacts(db, connection.connectionId, MOST_HOMELESS),
  )
}

/**
 * Length of a round over all addresses, spread over the sweeps. It leaves time to spare, so that every address is read
 * at least daily.
 */
const ROUND_MS = 20 * 3_600_000
/** Most addresses read by one call; the next sweep continues. */
const MAX_PER_CALL = 20_000
const CHUNK = 1_000

/**
 * Reads the CRM at all addresses that eMarketeer knows, if its deltas prove only the rows that they mention. This finds
 * records that were added, deleted or readdressed without a mention, and marks the changes as due. The first round is
 * read immediately and completely; of later rounds each sweep reads a share, in full requests. The ledger stores the
 * position, so a killed worker loses at most one chunk.
 */
async function walkAddresses(session: SyncSession): Promise<void> {
  const { db, connection } = session
  const { connectionId } = connection
  await beginCrmWalk(db, connectionId)
  let walk = await crmWalkOf(db, connectionId)
  const perRequest = requireCrm(session).capabilities.directReadContactsPerRequest
  let share = shareOf(walk, perRequest)
  let read = 0
  while (share > 0 && walk.after !== null) {
    const ids = await nextToWalk(db, connectionId, walk.after, Math.min(CHUNK, share))
    await readCrmAt(session, ids)
    const to = ids.length < Math.min(CHUNK, share) ? null : ids.at(-1)!
    const moved = await moveCrmWalk(db, connectionId, { from: walk.after, to, read: ids.length })
    read += ids.length
    session.heartbeat({ done: walk.done + read, total: walk.total })
    if (!moved || to === null) {
      break
    }
    share -= ids.length
    walk = { ...walk, after: to }
  }
}

/** How many addresses to read now, so that the round ends in time. Pure. */
export function shareOf(walk: CrmWalk, perRequest: number): number {
  if (walk.walkedAt === null) {
    return Number.MAX_SAFE_INTEGER // No round was ever completed: read everything now.
  }
  if (walk.elapsedMs >= ROUND_MS) {
    return MAX_PER_CALL
  }
  const due = Math.ceil((walk.total * walk.elapsedMs) / ROUND_MS) - walk.done
  return Math.min(MAX_PER_CALL, Math.max(0, Math.floor(due / perRequest) * perRequest))
}

/**
 * Reads both sides of these addresses: the CRM directly, then eMarketeer by its feed (exact, one request). The copy
 * already has eMarketeer's acts up to the last reading of the feed. A newer act shows in this reading, and the address
 * is then read again (docs/reconciliation.md, "A pass").
 * @param addressIds at most 1,000.
 * @returns addresses with a side that cannot be read. Reading them again immediately would give the same answer.
 */
export async function freshen(
  session: SyncSession,
  addressIds: readonly number[],
): Promise<ReadonlySet<number>> {
  const unreadable = new Set(await readUnreadStates(session, addressIds))
  if (session.crm) {
    const inCrm = await readCrmAt(session, addressIds)
    inCrm.forEach((id) => unreadable.add(id))
    // eMarketeer's state at the records' secondary addresses counts as well (C5).
    await readUnreadStates(session, await secondaryIdsAt(session.db, addressIds))
  }
  await catchUpEmarketeer(session)
  return unreadable
}
