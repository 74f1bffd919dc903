import { catchUpCrm } from './catch-up-crm.js'
import { catchUpEmarketeer } from './catch-up-emarketeer.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'
import { walkAddresses } from './walk-addresses.js'

/**
 * Brings our copy of both sides to the present: eMarketeer's feed, the CRM's changes, and the feed once more, so that
 * what was observed in between is told apart from what moved (docs/reconciliation.md, "A pass"). Where deltas do not
 * tell who has an address, a share of the addresses is walked over, too.
 */
export async function catchUpBoth(session: SyncSession): Promise<void> {
  const { capabilities } = requireCrm(session)
  await catchUpEmarketeer(session)
  await catchUpCrm(session)
  if (!capabilities.completeDelta) {
    await walkAddresses(session)
  }
  await catchUpEmarketeer(session)
}
