import { isValidEmail } from '../domain/email-address.js'
import { MAX_UPSERTS } from '../emarketeer/index.js'
import { addressRows } from '../ledger/address-rows.js'
import { liveCrmContactsAt } from '../ledger/crm-mirror-rows.js'
import { markEmarketeerUnread } from '../ledger/emarketeer-mirror.js'
import type { SyncSession } from './session.js'

/**
 * Creates in eMarketeer the CRM contacts that it lacks, where the connection asks for it (rule E7); otherwise nothing
 * is ever created, and nobody who was deleted there is created again. Only the address is given: it starts with consent `none`, or withdrawn if suppressed.
 * @returns addresses that have a contact now, to be synced.
 */
export async function createMissingContacts(
  session: SyncSession,
  addressIds: readonly number[],
): Promise<readonly number[]> {
  const { publicContacts } = session
  if (!publicContacts) {
    return []
  }
  const inCrm = new Set(
    (await liveCrmContactsAt(session.db, addressIds)).map((contact) => contact.addressId),
  )
  const rows = (await addressRows(session.db, addressIds)).filter(
    (row) =>
      !row.everInEmarketeer &&
      !row.emarketeerUnread &&
      inCrm.has(row.addressId) &&
      isValidEmail(row.address),
  )
  for (let at = 0; at < rows.length; at += MAX_UPSERTS) {
    const part = rows.slice(at, at + MAX_UPSERTS)
    await publicContacts.upsert(
      part.map((row) => ({ email: row.address })),
      session.call,
    )
    await session.db.transaction((tx) =>
      markEmarketeerUnread(
        tx,
        part.map((row) => row.addressId),
      ),
    )
  }
  return rows.map((row) => row.addressId)
}
