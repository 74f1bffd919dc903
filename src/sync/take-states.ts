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
 * Takes states that were read (or walked over) into our copy, and with them which contact has which address.
 * @param tick taken before the reading began.
 */
export async function takeStates(
  tx: Queryable,
  connectionId: string,
  states: readonly ContactState[],
  tick: number,
): Promise<void> {
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
  await takeEmarketeerValues(tx, [...values.values()], { tick, replace: true, markDirty: true })
  await markEmarketeerRead(tx, [...new Set([...values.values()].map((value) => value.addressId))])
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
