import type { LegalBasis, PositiveBasis } from './legal-basis.js'

/**
 * Legal bases that a tenant made in its own CRM (rule C2). They have no counterpart in eMarketeer. The connection file
 * may say which basis of eMarketeer's one stands for; that is asked when deciding, never when reading, so that a changed
 * file counts at once.
 */

const MARK = 'tenant:'

/** A basis that the tenant made, by its key in the form in which keys are compared. */
export type TenantBasis = `tenant:${string}`

/** What a record of a CRM that holds legal bases may say. */
export type RichValue = LegalBasis | TenantBasis

/** What the connection file makes of the tenant's keys, in the form in which they are compared. */
export type BasisMapping = ReadonlyMap<string, PositiveBasis>

/** No file maps anything. */
export const NOTHING_MAPPED: BasisMapping = new Map()

/** What a value means to the rule; `unmapped`: it is there, and has no counterpart. */
export type Meaning = LegalBasis | 'unmapped'

/** The value of a key that the CRM itself does not define. @param key in the form in which keys are compared. */
export function tenantBasis(key: string): TenantBasis {
  return `${MARK}${key}`
}

/** The tenant's key in a value; null for any other value. */
export function tenantKeyOf(value: string): string | null {
  return value.startsWith(MARK) ? value.slice(MARK.length) : null
}

/** What a value stands for under a mapping. */
export function meaningOf(value: RichValue, mapping: BasisMapping): Meaning {
  const key = tenantKeyOf(value)
  return key === null ? (value as LegalBasis) : (mapping.get(key) ?? 'unmapped')
}
