import { catchUpEmarketeer } from './catch-up-emarketeer.js'
import { outsideIdsAt } from '../../ledger/copy/crm-other-addresses.js'
import { readCrmAt } from './read-crm.js'
import { readUnreadStates } from './read-unread.js'
import type { SyncSession } from '../../connection/session.js'

/**
 * Reads both sides of these addresses: eMarketeer by its feed (exact, one request), the CRM directly, then the feed
 * once more, so that an act in between is noticed and the address read again (docs/reconciliation.md, "A pass").
 * @param addressIds at most 1,000.
 */
export async function freshen(session: SyncSession, addressIds: readonly number[]): Promise<void> {
  await catchUpEmarketeer(session)
  await readUnreadStates(session, addressIds)
  if (session.crm) {
    await readCrmAt(session, addressIds)
    // What eMarketeer holds at the records' further addresses counts, too (C5).
    await readUnreadStates(session, await outsideIdsAt(session.db, addressIds))
    await catchUpEmarketeer(session)
  }
}
