import { readManyStates, type ContactState, type UnreadableState } from '../../emarketeer/index.js'
import { unreadAddressRows, type AddressRow } from '../../ledger/address/address-rows.js'
import {
  addressesOfEmarketeerContacts,
  clearEmarketeerState,
  markEmarketeerRead,
  removeEmarketeerContacts,
  spelledContactsAt,
} from '../../ledger/copy/emarketeer-mirror.js'
import type { Queryable } from '../../ledger/db/database.js'
import { nextTick } from '../../ledger/db/ticks.js'
import { addressKey, spellingsOf } from '../../domain/email-address.js'
import { placeOfEmail } from './emarketeer-place.js'
import { takeStates } from './take-states.js'
import { warnOfUnreadableStates } from './warn-of-unreadable-states.js'
import type { SyncSession } from '../../connection/session.js'

const CHUNK = 1_000

/** Reads eMarketeer's state of those of the addresses whose state is not known, and only those. */
export async function readUnreadStates(
  session: SyncSession,
  addressIds: readonly number[],
): Promise<void> {
  const unread = await unreadAddressRows(session.db, addressIds)
  for (let at = 0; at < unread.length; at += CHUNK) {
    await readChunk(session, unread.slice(at, at + CHUNK))
  }
}

async function readChunk(session: SyncSession, rows: readonly AddressRow[]): Promise<void> {
  const { connectionId } = session.connection
  const tick = await nextTick(session.db)
  const { items, unreadable } = await readStatesAt(session, rows)
  await session.db.transaction(async (tx) => {
    const still = await unmovedSince(tx, rows, tick)
    await takeStates(tx, connectionId, items, tick, true)
    const perhaps = await addressesOfEmarketeerContacts(
      tx,
      connectionId,
      unreadable.flatMap(({ contactId }) => contactId ?? []),
    )
    const present = new Set(
      [...items, ...unreadable].map(({ email }) => placeOfEmail(email)?.address),
    )
    const nobody = rows.filter(
      ({ address, addressId }) =>
        still.has(address) && !present.has(address) && !perhaps.includes(addressId),
    )
    // Whose address cannot be made out may be at any of these: then nobody is known to be gone from any.
    const everybodyTold = unreadable.every(({ email }) => email !== null)
    await endLinks(tx, connectionId, everybodyTold ? nobody.map((row) => row.addressId) : [])
  })
  warnOfUnreadableStates(session, unreadable)
}

/**
 * The states of everybody at these addresses. eMarketeer finds an address by its spelling, trimmed and lower-cased, and by
 * nothing else: whoever is known to have another one is asked for by id.
 */
async function readStatesAt(session: SyncSession, rows: readonly AddressRow[]): Promise<StatesAt> {
  const emails = rows.flatMap(({ address }) =>
    addressKey(address) === null ? [] : spellingsOf(address),
  )
  const contactIds = await spelledContactsAt(
    session.db,
    rows.map((row) => row.addressId),
  )
  const states = new Map<string, ContactState>()
  const unreadable: UnreadableState[] = []
  for (const query of [{ emails }, { contactIds }]) {
    const read = await readManyStates(session.emarketeer, query, undefined, session.call)
    read.items.forEach((state) => states.set(state.contactId, state))
    unreadable.push(...read.unreadable)
  }
  return { items: [...states.values()], unreadable }
}

interface StatesAt {
  readonly items: readonly ContactState[]
  readonly unreadable: readonly UnreadableState[]
}

/**
 * Addresses whose state the feed has not moved meanwhile; the others stay unread for the next pass. Locked, so that
 * the feed cannot move them before this state is stored.
 */
async function unmovedSince(
  tx: Queryable,
  rows: readonly AddressRow[],
  tick: number,
): Promise<Set<string>> {
  const unmoved = await tx.query<{ address: string }>(
    `SELECT address FROM addresses WHERE address_id = ANY($1) AND emarketeer_moved_tick < $2
      ORDER BY address_id FOR UPDATE`,
    [rows.map((row) => row.addressId), tick],
  )
  return new Set(unmoved.map((row) => row.address))
}

async function endLinks(
  tx: Queryable,
  connectionId: string,
  addressIds: readonly number[],
): Promise<void> {
  if (addressIds.length === 0) {
    return
  }
  const contacts = await tx.query<{ id: string }>(
    `SELECT contact_id AS id FROM emarketeer_contacts WHERE address_id = ANY($1)`,
    [addressIds],
  )
  await removeEmarketeerContacts(
    tx,
    connectionId,
    contacts.map((contact) => contact.id),
  )
  await clearEmarketeerState(tx, addressIds)
  await markEmarketeerRead(tx, addressIds)
}
