import type { LegalBasis } from '../../src/domain/legal-basis.js'
import { tenantBasis, type BasisMapping, type RichValue } from '../../src/domain/tenant-basis.js'
import type { ToggleValue } from '../../src/domain/reconcile/index.js'

/** One letter per value: N none, W withdrawn, C consent, L and M other bases; U the tenant's own; A allow, X deny. */
export type Code = string

/** Either CRM's value; the rule is explored through both of its instances. */
export type CrmValue = ToggleValue | RichValue

const VALUES: Readonly<Record<string, CrmValue>> = {
  N: 'none',
  W: 'withdrawn',
  C: 'consent',
  L: 'legitimateInterest',
  M: 'contract',
  A: 'allow',
  X: 'deny',
  U: tenantBasis('OWN'),
}
const CODES = new Map(Object.entries(VALUES).map(([code, value]) => [value, code]))

export function valueOf(code: Code): CrmValue {
  const value = VALUES[code]
  if (value === undefined) {
    throw new RangeError(`no value ${code}`)
  }
  return value
}

export function basisOf(code: Code): LegalBasis {
  return valueOf(code) as LegalBasis
}

export function codeOf(value: CrmValue): Code {
  return CODES.get(value) ?? '?'
}

/** The connection file's mapping of the tenant's own basis, if it maps it: to L. */
export const MAPPED: BasisMapping = new Map([['OWN', 'legitimateInterest']])

/** The meaning of a value; U: it has no counterpart. */
export const meant = (code: Code, mapped: boolean): Code => (code === 'U' && mapped ? 'L' : code)

export const isPositiveCode = (code: Code): boolean => code === 'C' || code === 'L' || code === 'M'
export const isDenyCode = (code: Code): boolean => code === 'W' || code === 'X'
export const isLooseCode = (code: Code): boolean => isPositiveCode(code) || code === 'A'

/** eMarketeer's version from the model's counter: 0 only if nothing was ever set. */
export function versionOf(e: Code, counter: number): number {
  return e === 'N' && counter === 0 ? 0 : counter + 1
}

/** The CRM's version text. An absent rich row has none. */
export function rowVersionOf(rich: boolean, d: Code, counter: number): string {
  return rich && d === 'N' && counter === 0 ? 'none' : String(counter)
}
