import type { ContactState, UnreadableState } from '../../emarketeer/index.js'
import { ensureEmarketeerAddresses } from '../../ledger/copy/address-mentions.js'
import {
  addressesOfEmarketeerContacts,
  markEmarketeerUnread,
  markEmarketeerUnreadable,
  saveEmarketeerContacts,
} from '../../ledger/copy/emarketeer-mirror.js'
import { spelledAddressOf } from './spelled-address.js'
import type { SyncSession } from '../../connection/session.js'

/**
 * Keeps that the state of these contacts cannot be read: their addresses are unread from now on, which excludes them from
 * sendouts, are asked for with every pass, and are counted in `connection show`. Who tells neither contact nor address is
 * told in the log only.
 * @param tick taken before the reading began.
 */
export async function noteUnreadable(
  session: SyncSession,
  unreadable: readonly UnreadableState[],
  tick: number,
): Promise<void> {
  if (unreadable.length === 0) {
    return
  }
  const { connectionId } = session.connection
  const placed = unreadable.map(({ contactId, email }) => ({
    contactId,
    place: spelledAddressOf(email),
  }))
  const texts = [...new Set(placed.flatMap(({ place }) => place?.address ?? []))]
  // By itself: who makes addresses in two turns of one transaction, and another likewise, could wait for one another.
  await session.db.transaction(async (tx) => {
    const idOf = await ensureEmarketeerAddresses(tx, connectionId, texts)
    await saveEmarketeerContacts(
      tx,
      connectionId,
      placed.flatMap(({ contactId, place }) =>
        contactId === null || place === null
          ? []
          : [{ contactId, addressId: idOf.get(place.address)!, spelling: place.spelling }],
      ),
      tick,
    )
    const contactIds = unreadable.flatMap(({ contactId }) => contactId ?? [])
    const known = await addressesOfEmarketeerContacts(tx, connectionId, contactIds)
    const addressIds = [...new Set([...known, ...idOf.values()])]
    await markEmarketeerUnread(tx, addressIds)
    await markEmarketeerUnreadable(tx, addressIds)
  })
}

/**
 * Those of the states that say how their address stands, though another contact there cannot be read: to eMarketeer contacts
 * whose addresses are spelled the same have one state, and others have not.
 */
export function statesThatTell(
  items: readonly ContactState[],
  unreadable: readonly UnreadableState[],
): readonly ContactState[] {
  const spelled = new Map<string, Set<string | null>>()
  for (const { email } of items) {
    const place = spelledAddressOf(email)
    if (place !== null) {
      spelled.set(place.address, (spelled.get(place.address) ?? new Set()).add(place.spelling))
    }
  }
  const doubtful = new Set(
    unreadable.flatMap(({ email }) => {
      const place = spelledAddressOf(email)
      return place !== null && !spelled.get(place.address)?.has(place.spelling)
        ? [place.address]
        : []
    }),
  )
  return items.filter(({ email }) => !doubtful.has(spelledAddressOf(email)?.address ?? ''))
}
