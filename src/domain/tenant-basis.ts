import type { LegalBasis, PositiveBasis } from './legal-basis.js'

/**
 * The tenant's own legal bases in its CRM (rule C2). They have no counterpart in eMarketeer, but the connection file
 * may map one. The mapping is applied when deciding and not when reading, so a changed file takes effect immediately.
 */

const MARK = 'tenant:'

/** A basis of the tenant's own, by its key in comparable form. */
export type TenantBasis = `tenant:${string}`

/** A value in a CRM that holds legal bases. */
export type RichValue = LegalBasis | TenantBasis

/** The connection file's mapping, by key in comparable form. */
export type BasisMapping = ReadonlyMap<string, PositiveBasis>

export const NOTHING_MAPPED: BasisMapping = new Map()

/** What a value means to the rule. `unmapped`: it has no counterpart. */
export type Meaning = LegalBasis | 'unmapped'

/** The value of a key that the CRM does not define. @param key in comparable form. */
export function tenantBasis(key: string): TenantBasis {
  return `${MARK}${key}`
}

/** The tenant's key in a value; null for any other value. */
export function tenantKeyOf(value: string): string | null {
  return value.startsWith(MARK) ? value.slice(MARK.length) : null
}

/** The meaning of a value under a mapping. */
export function meaningOf(value: RichValue, mapping: BasisMapping): Meaning {
  const key = tenantKeyOf(value)
  return key === null ? (value as LegalBasis) : (mapping.get(key) ?? 'unmapped')
}
