import { categoryCell } from '../domain/cell-key.js'
import { normalizeEmail } from '../domain/email-address.js'
import { isPositive, PURPOSES } from '../domain/legal-basis.js'
import { isCrmSource, type ContactState, type ReadLegalBasis } from '../emarketeer/index.js'
import { ensureAddresses } from '../ledger/addresses.js'
import type { Queryable } from '../ledger/database.js'
import {
  markEmarketeerRead,
  saveEmarketeerContacts,
  takeEmarketeerValues,
  type EmarketeerValue,
} from '../ledger/emarketeer-mirror.js'
import { actorText } from './feed-page.js'

/**
 * Takes states that were read (or walked over) into our copy, and with them which contact has which address. An address
 * that the feed, or another reading, has moved since this reading began keeps what it has, and stays as unread as it was.
 * @param tick taken before the reading began.
 */
export async function takeStates(
  tx: Queryable,
  connectionId: string,
  given: readonly ContactState[],
  tick: number,
): Promise<void> {
  const moved = await movedSince(tx, connectionId, given, tick)
  const states = given.filter((state) => !moved.has(normalizeEmail(state.email) ?? ''))
  const emails = states.map((state) => normalizeEmail(state.email)).filter((e) => e !== null)
  const addressIds = await ensureAddresses(tx, connectionId, emails)
  const idOf = (state: ContactState) => {
    const email = normalizeEmail(state.email)
    return email === null ? null : addressIds.get(email)!
  }
  await saveEmarketeerContacts(
    tx,
    connectionId,
    states.map((state) => ({ contactId: state.contactId, addressId: idOf(state) })),
    tick,
  )
  const values = new Map<string, EmarketeerValue>()
  for (const state of states) {
    const addressId = idOf(state)
    if (addressId !== null) {
      for (const value of valuesOf(state, addressId)) {
        values.set(`${addressId} ${value.cellKey}`, value)
      }
    }
  }
  await takeEmarketeerValues(tx, [...values.values()], { replace: true, markDirty: true })
  await markEmarketeerRead(tx, [...new Set([...values.values()].map((value) => value.addressId))])
}

/** Addresses that moved since the tick; locked, so that the others cannot move before their state is stored. */
async function movedSince(
  tx: Queryable,
  connectionId: string,
  states: readonly ContactState[],
  tick: number,
): Promise<Set<string>> {
  const rows = await tx.query<{ address: string; moved: boolean }>(
    `SELECT address, emarketeer_moved_tick >= $3 AS moved FROM addresses
      WHERE connection_id = $1 AND address = ANY($2) ORDER BY address_id FOR UPDATE`,
    [connectionId, states.map((state) => normalizeEmail(state.email)), tick],
  )
  return new Set(rows.filter((row) => row.moved).map((row) => row.address))
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
  // A default (version 0) is nobody's act, and what a CRM wrote is no act in eMarketeer.
  const byPerson = version > 0 && !isCrmSource(source)
  const positive = byPerson && basis !== 'unreadable' && isPositive(basis)
  const deny = byPerson && basis !== 'unreadable' && !isPositive(basis)
  return {
    addressId,
    cellKey,
    basis,
    version,
    eventAtMs: eventTimeMs,
    recordedAtMs,
    source,
    actor: actorText(facts.actor),
    positiveActMs: positive ? eventTimeMs : null,
    denyActMs: deny ? Math.max(eventTimeMs ?? 0, recordedAtMs ?? 0) : null,
  }
}
