import type { LegalBasis, Purpose } from '../../../domain/legal-basis.js'

/** Purposes by key; names and ids are the tenant's (docs/wire-superoffice.md, 4.1). */
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

/** A key for comparing: old installations put `#` before it, and casing is not certain. */
export function normalizeKey(key: string): string {
  return key.trim().replace(/^#/, '').toUpperCase()
}

/** The purpose of a key; null for one that is not synced. */
export function purposeOfKey(key: string | null): Purpose | null {
  return key === null ? null : (PURPOSE_KEYS[normalizeKey(key)] ?? null)
}

/** The basis of a key; null for one that the tenant made: unknown, never coerced. */
export function basisOfKey(key: string | null): Exclude<LegalBasis, 'none'> | null {
  return key === null ? null : (BASIS_KEYS[normalizeKey(key)] ?? null)
}

/** The documented key of a purpose. */
export function keyOfPurpose(purpose: Purpose): string {
  return keyOf(PURPOSE_KEYS, purpose)
}

/** The documented key of a basis; `none` has none, as absence is not written. */
export function keyOfBasis(basis: Exclude<LegalBasis, 'none'>): string {
  return keyOf(BASIS_KEYS, basis)
}

function keyOf<T>(keys: Readonly<Record<string, T>>, value: T): string {
  const found = Object.entries(keys).find(([, one]) => one === value)
  if (found === undefined) {
    throw new Error('this value has no key in SuperOffice')
  }
  return found[0]
}
