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

/** What one direct reading takes, at most. */
const MOST_HOMELESS = 1_000

/**
 * Brings our copy of both sides to the present: eMarketeer's feed, the CRM's changes, and the feed once more, so that
 * what was observed in between is told apart from what moved (docs/reconciliation.md, "A pass"). Where deltas do not
 * tell who has an address, a share of the addresses is walked over, too.
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
 * Reads records by id whose address was not told and that are known at none: no reading of an address finds them, and as long
 * as one is there no sendout is complete (B8).
 */
async function readHomeless(session: SyncSession): Promise<void> {
  const { db, connection } = session
  await readCrmContacts(
    session,
    await homelessCrmContacts(db, connection.connectionId, MOST_HOMELESS),
  )
}

/** A round takes this long, spread over the sweeps; so every address is read at least daily, with time to spare. */
const ROUND_MS = 20 * 3_600_000
/** What one call takes on, however late the round is; the next sweep goes on. */
const MAX_PER_CALL = 20_000
const CHUNK = 1_000

/**
 * Reads the CRM by address, all addresses that eMarketeer knows, for CRMs whose deltas prove the rows only that they
 * mention: so persons are found that came, left, were deleted softly or changed their addresses. What changed becomes
 * due. The first round is read at once; later ones a share with each sweep, in whole requests. Where it stands is in the
 * ledger, so a killed worker loses at most one chunk.
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

/** How many addresses are to be read now, so that the round ends in time; pure. */
export function shareOf(walk: CrmWalk, perRequest: number): number {
  if (walk.walkedAt === null) {
    return Number.MAX_SAFE_INTEGER // Nothing was ever complete: everything, now.
  }
  if (walk.elapsedMs >= ROUND_MS) {
    return MAX_PER_CALL
  }
  const due = Math.ceil((walk.total * walk.elapsedMs) / ROUND_MS) - walk.done
  return Math.min(MAX_PER_CALL, Math.max(0, Math.floor(due / perRequest) * perRequest))
}

/**
 * Reads both sides of these addresses: eMarketeer by its feed (exact, one request), the CRM directly, then the feed
 * once more, so that an act in between is noticed and the address read again (docs/reconciliation.md, "A pass").
 * @param addressIds at most 1,000.
 * @returns those of which a side cannot be read: asked at once, it would answer the same again.
 */
export async function freshen(
  session: SyncSession,
  addressIds: readonly number[],
): Promise<ReadonlySet<number>> {
  await catchUpEmarketeer(session)
  const unreadable = new Set(await readUnreadStates(session, addressIds))
  if (session.crm) {
    const inCrm = await readCrmAt(session, addressIds)
    inCrm.forEach((id) => unreadable.add(id))
    // What eMarketeer holds at the records' secondary addresses counts, too (C5).
    await readUnreadStates(session, await secondaryIdsAt(session.db, addressIds))
    await catchUpEmarketeer(session)
  }
  return unreadable
}
