import { chunksOf } from '../../domain/lists.js'
import { readManyStates, type ContactState, type UnreadableState } from '../../emarketeer/index.js'
import { unreadAddressRows, type AddressRow, lockMoves } from '../../ledger/address/address-rows.js'
import {
  addressesOfEmarketeerContacts,
  markEmarketeerUnreadable,
  spelledContactsAt,
  endEmarketeerLinks,
} from '../../ledger/copy/emarketeer-mirror.js'
import { nextTick } from '../../ledger/db/database.js'
import { addressKey, spellingsOf } from '../../domain/email-address.js'
import { spelledAddressOf } from './spelled-address.js'
import { upsertStates, statesThatTell } from './upsert-states.js'
import type { SyncSession } from '../../connection/session.js'

const CHUNK = 1_000

/**
 * Reads eMarketeer's state at those of the addresses where it is unknown.
 * @returns addresses that cannot be read. Reading them again immediately would give the same answer.
 */
export async function readUnreadStates(
  session: SyncSession,
  addressIds: readonly number[],
): Promise<readonly number[]> {
  const unread = await unreadAddressRows(session.db, addressIds)
  const unreadable: number[] = []
  for (const part of chunksOf(unread, CHUNK)) {
    unreadable.push(...(await readChunk(session, part)))
  }
  return unreadable
}

async function readChunk(
  session: SyncSession,
  rows: readonly AddressRow[],
): Promise<readonly number[]> {
  const { connectionId } = session.connection
  const tick = await nextTick(session.db)
  const { items, unreadable } = await readStatesAt(session, rows)
  return session.db.transaction(async (tx) => {
    const moves = await lockMoves(
      tx,
      connectionId,
      rows.map((row) => row.address),
      tick,
    )
    await upsertStates(tx, connectionId, statesThatTell(items, unreadable), tick, { whole: true })
    const perhaps = await addressesOfEmarketeerContacts(
      tx,
      connectionId,
      unreadable.flatMap(({ contactId }) => contactId ?? []),
    )
    const present = new Set(
      [...items, ...unreadable].map(({ email }) => spelledAddressOf(email)?.address),
    )
    // A contact without a readable address may be at any of these addresses. Then no address is known to have lost its
    // contacts.
    const allNamed = unreadable.every(({ email }) => email !== null)
    const unmoved = rows.filter(({ address }) => moves.get(address) === false)
    const nobody = unmoved.filter(
      ({ address, addressId }) => allNamed && !present.has(address) && !perhaps.includes(addressId),
    )
    await endEmarketeerLinks(
      tx,
      connectionId,
      nobody.map((row) => row.addressId),
    )
    if (unreadable.length === 0) {
      return []
    }
    const asked = unmoved.map((row) => row.addressId)
    await markEmarketeerUnreadable(tx, asked)
    return (await unreadAddressRows(tx, asked)).map((row) => row.addressId)
  })
}

/**
 * The states of all contacts at these addresses. eMarketeer finds an address only by its trimmed lower-case spelling:
 * contacts with another spelling are requested by id.
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
