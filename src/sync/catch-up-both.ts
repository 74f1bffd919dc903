import { catchUpCrm } from './catch-up-crm.js'
import { catchUpEmarketeer } from './catch-up-emarketeer.js'
import { requireCrm, type SyncSession } from './session.js'

/**
 * Brings our copy of both sides to the present: eMarketeer's feed, the CRM's changes, and the feed once more, so that
 * what was observed in between is told apart from what moved (docs/reconciliation.md, "A pass").
 */
export async function catchUpBoth(session: SyncSession): Promise<void> {
  requireCrm(session)
  await catchUpEmarketeer(session)
  await catchUpCrm(session)
  await catchUpEmarketeer(session)
}
