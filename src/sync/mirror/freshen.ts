import { catchUpEmarketeer } from './catch-up-emarketeer.js'
import { secondaryIdsAt } from '../../ledger/copy/secondary-addresses.js'
import { readCrmAt } from './read-crm.js'
import { readUnreadStates } from './read-unread.js'
import type { SyncSession } from '../../connection/session.js'

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
