import type { LegalBasis, Purpose } from '../../../domain/legal-basis.js'
import { tenantBasis, type RichValue } from '../../../domain/tenant-basis.js'

/** Purposes by key; names and ids differ per tenant (docs/wire-superoffice.md, 4.1). */
const PURPOSE_KEYS: Readonly<Record<string, Purpose>> = {
  STORE: 'storeAndProcess',
  EMARKETING: 'marketingSendouts',
}

/** Legal bases by key (docs/wire-superoffice.md, 4.2). */
const BASIS_KEYS: Readonly<Record<string, Exclude<LegalBasis, 'none'>>> = {
  '61A': 'consent',
  '61B': 'contract',
  '61C': 'requiredByLaw',
  '61D': 'vitalInterests',
  '61E': 'publicInterest',
  '61F': 'legitimateInterest',
  WITHDRAWN: 'withdrawn',
}

/** A key for comparing: old installations put `#` before it, and its case is not certain. */
export function normalizeKey(key: string): string {
  return key.trim().replace(/^#/, '').toUpperCase()
}

/** The purpose of a key; null for one that is not synced. */
export function purposeOfKey(key: string | null): Purpose | null {
  return key === null ? null : ownEntry(PURPOSE_KEYS, normalizeKey(key))
}

/** The basis of a key; null for one that SuperOffice does not define. */
export function basisOfKey(key: string | null): Exclude<LegalBasis, 'none'> | null {
  return key === null ? null : ownEntry(BASIS_KEYS, normalizeKey(key))
}

/**
 * The value of a row's basis key: a basis, or one that the tenant made, by its own key (C2). null: it has none, which
 * is unknown.
 */
export function valueOfKey(key: string | null): RichValue | null {
  const known = basisOfKey(key)
  if (known !== null || key === null) {
    return known
  }
  const own = normalizeKey(key)
  return own === '' ? null : tenantBasis(own)
}

/** The documented key of a purpose. */
export function keyOfPurpose(purpose: Purpose): string {
  return keyOf(PURPOSE_KEYS, purpose)
}

/** The documented key of a basis; `none` has no key, as absence is not written. */
export function keyOfBasis(basis: Exclude<LegalBasis, 'none'>): string {
  return keyOf(BASIS_KEYS, basis)
}

/** A tenant's key may be any text, also the name of a property of every object. */
function ownEntry<T>(keys: Readonly<Record<string, T>>, key: string): T | null {
  return Object.hasOwn(keys, key) ? (keys[key] ?? null) : null
}

function keyOf<T>(keys: Readonly<Record<string, T>>, value: T): string {
  const found = Object.entries(keys).find(([, one]) => one === value)
  if (found === undefined) {
    throw new Error('this value has no key in SuperOffice')
  }
  return found[0]
}
