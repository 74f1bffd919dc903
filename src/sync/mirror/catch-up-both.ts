import { catchUpCrm } from './catch-up-crm.js'
import { catchUpEmarketeer } from './catch-up-emarketeer.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'
import { homelessCrmContacts } from '../../ledger/copy/crm-mirror-rows.js'
import { readCrmContacts } from './read-crm.js'
import { walkAddresses } from './walk-addresses.js'

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
