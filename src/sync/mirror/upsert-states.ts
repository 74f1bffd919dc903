import { lockMoves } from '../../ledger/address/address-rows.js'
import { findAddresses } from '../../ledger/address/addresses.js'
import { categoryCell } from '../../domain/cell-key.js'
import { PURPOSES } from '../../domain/legal-basis.js'
import {
  isCrmSource,
  type ContactState,
  type ReadLegalBasis,
  type UnreadableState,
} from '../../emarketeer/index.js'
import { ensureEmarketeerAddresses } from '../../ledger/copy/address-mentions.js'
import type { Transaction } from '../../ledger/db/database.js'
import {
  markEmarketeerRead,
  markEmarketeerUnread,
  markEverInEmarketeer,
  saveEmarketeerContacts,
  spelledTwice,
  upsertEmarketeerValues,
  type EmarketeerValue,
  addressesOfEmarketeerContacts,
  markEmarketeerUnreadable,
} from '../../ledger/copy/emarketeer-mirror.js'
import { actTimesOf, NOBODYS_ACT, actorText } from './feed-page.js'
import { spelledAddressOf } from './spelled-address.js'
import type { SyncSession } from '../../connection/session.js'

/**
 * Stores states that were read directly or by a walk, and each contact's address. An address that the feed or another
 * reading changed after this reading began keeps its state, and stays unread if it was.
 * @param tick taken before the reading began.
 * @param options `whole`: the states are of all contacts of each address, and the strictest counts. Otherwise an
 *   address with several spellings becomes unread. `overlaps`: the former page was stored while this one was read. An
 *   address that is in both has changed meanwhile, and becomes unread.
 */
export async function upsertStates(
  tx: Transaction,
  connectionId: string,
  given: readonly ContactState[],
  tick: number,
  {
    whole = false,
    overlaps = false,
  }: { readonly whole?: boolean; readonly overlaps?: boolean } = {},
): Promise<void> {
  const all = given.map((state): PlacedState => ({ state, place: spelledAddressOf(state.email) }))
  const moves = await lockMoves(
    tx,
    connectionId,
    all.flatMap(({ place }) => place?.address ?? []),
    tick,
  )
  const placed = all.filter(({ place }) => moves.get(place?.address ?? '') !== true)
  const texts = [...new Set(placed.flatMap(({ place }) => place?.address ?? []))]
  const addressIds = await ensureEmarketeerAddresses(tx, connectionId, texts)
  const idOf = ({ place }: PlacedState) => (place === null ? null : addressIds.get(place.address)!)
  await saveEmarketeerContacts(
    tx,
    connectionId,
    placed.map(({ state, place }) => ({
      contactId: state.contactId,
      addressId: place === null ? null : addressIds.get(place.address)!,
      spelling: place?.spelling ?? null,
    })),
    tick,
  )
  const severalStates = whole ? new Set<number>() : await spelledTwice(tx, [...addressIds.values()])
  const values = new Map<string, EmarketeerValue>()
  for (const one of placed) {
    const addressId = idOf(one)
    if (addressId !== null && !severalStates.has(addressId)) {
      for (const value of valuesOf(one.state, addressId)) {
        const cellId = `${addressId} ${value.cellKey}`
        values.set(cellId, stricter(values.get(cellId), value))
      }
    }
  }
  await upsertEmarketeerValues(tx, [...values.values()], {
    replace: true,
    markDue: true,
    areStates: true,
  })
  // Of a changed address this is stored by now, in one step.
  await markEverInEmarketeer(tx, [...new Set(placed.flatMap((one) => idOf(one) ?? []))])
  await markEmarketeerRead(tx, [...new Set([...values.values()].map((value) => value.addressId))])
  const inBoth = overlaps ? [...moves].flatMap(([text, moved]) => (moved ? [text] : [])) : []
  const missed = await findAddresses(tx, connectionId, inBoth)
  await markEmarketeerUnread(tx, [...new Set([...severalStates, ...missed.values()])])
}

interface PlacedState {
  readonly state: ContactState
  readonly place: ReturnType<typeof spelledAddressOf>
}

/**
 * The stricter of two values. Contacts of one address share one state, unless eMarketeer treats their spellings as
 * several addresses.
 */
function stricter(known: EmarketeerValue | undefined, value: EmarketeerValue): EmarketeerValue {
  return known === undefined || strictness(value) > strictness(known) ? value : known
}

function strictness({ basis }: EmarketeerValue): number {
  return basis === 'withdrawn' ? 3 : basis === 'unreadable' ? 2 : basis === 'none' ? 1 : 0
}

function valuesOf(state: ContactState, addressId: number): EmarketeerValue[] {
  const consents = state.consents
  const purposes = consents
    ? PURPOSES.map((purpose) => {
        const { legalBasis, ...facts } = consents[purpose]
        return toValue(addressId, purpose, legalBasis, facts)
      })
    : []
  const subscriptions = (state.subscriptions ?? []).map(({ categoryId, subscribed, ...facts }) =>
    toValue(addressId, categoryCell(categoryId), subscribed ? 'consent' : 'withdrawn', facts),
  )
  return [...purposes, ...subscriptions]
}

function toValue(
  addressId: number,
  cellKey: EmarketeerValue['cellKey'],
  basis: ReadLegalBasis,
  facts: {
    readonly version: number
    readonly eventTimeMs: number | null
    readonly recordedAtMs: number | null
    readonly source: string | null
    readonly actor: { type: string; id: string | null } | null
  },
): EmarketeerValue {
  const { version, eventTimeMs, recordedAtMs, source } = facts
  // A default (version 0) is nobody's act, and a value that came from a CRM is not an act in eMarketeer.
  const byPerson = version > 0 && !isCrmSource(source)
  return {
    addressId,
    cellKey,
    basis,
    version,
    eventAtMs: eventTimeMs,
    recordedAtMs,
    source,
    actor: actorText(facts.actor),
    ...(byPerson ? actTimesOf(basis, facts) : NOBODYS_ACT),
  }
}

/**
 * Stores which contacts have a state that cannot be read. Their addresses become unread: sendouts exclude them, every
 * pass requests them, and `connection show` counts them. A contact without id and address is only logged.
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
  // This runs in its own transaction: two writers that each create addresses in two steps could deadlock.
  await session.db.transaction(async (tx) => {
    const idOf = await ensureEmarketeerAddresses(tx, connectionId, texts)
    const contacts = placed.flatMap(({ contactId, place }) =>
      contactId === null || place === null
        ? []
        : [{ contactId, addressId: idOf.get(place.address)!, spelling: place.spelling }],
    )
    await saveEmarketeerContacts(tx, connectionId, contacts, tick)
    await markEverInEmarketeer(
      tx,
      contacts.map(({ addressId }) => addressId),
    )
    const contactIds = unreadable.flatMap(({ contactId }) => contactId ?? [])
    const known = await addressesOfEmarketeerContacts(tx, connectionId, contactIds)
    const addressIds = [...new Set([...known, ...idOf.values()])]
    await markEmarketeerUnread(tx, addressIds)
    await markEmarketeerUnreadable(tx, addressIds)
  })
}

/**
 * The states that give the complete state of their address although another contact there cannot be read. In
 * eMarketeer, contacts with the same spelling of an address share one state, and contacts with different spellings do
 * not.
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
