import { z } from 'zod'
import { isPositive, POSITIVE_BASES, type PositiveBasis } from '../../domain/legal-basis.js'
import type { BasisMapping } from '../../domain/tenant-basis.js'
import { basisOfKey, normalizeKey } from './wire/keys.js'

/**
 * `superoffice.legalBases`: eMarketeer's basis for each basis that the tenant made in SuperOffice (C2). Keys compare
 * without case and outer blanks. Several may map to one; none may be one that SuperOffice defines.
 */
export const legalBasesSchema = z
  .record(z.string(), z.unknown())
  .transform((given, context): Readonly<Record<string, PositiveBasis>> => {
    const seen = new Set<string>()
    // Each entry is checked separately, so that all faults are reported together.
    for (const [key, basis] of Object.entries(given)) {
      const fault = faultOf(key, basis, seen)
      if (fault !== null) {
        context.addIssue({ code: 'custom', path: [key], message: fault })
      }
      seen.add(normalizeKey(key))
    }
    return given as Readonly<Record<string, PositiveBasis>>
  })

function faultOf(key: string, basis: unknown, seen: ReadonlySet<string>): string | null {
  if (normalizeKey(key) === '') {
    return 'the key of a legal basis must not be empty'
  }
  if (basisOfKey(key) !== null) {
    return 'SuperOffice itself defines this key; only bases that the tenant made are mapped'
  }
  if (seen.has(normalizeKey(key))) {
    return 'the same key stands twice, in another spelling'
  }
  return typeof basis === 'string' && isPositive(basis)
    ? null
    : `must be one of ${POSITIVE_BASES.join(', ')}`
}

/** The mapping in a stored section; an invalid one maps nothing. */
export function basisMappingOf(section: Readonly<Record<string, unknown>>): BasisMapping {
  const { success, data } = legalBasesSchema.safeParse(section['legalBases'] ?? {})
  return new Map(
    success ? Object.entries(data).map(([key, basis]) => [normalizeKey(key), basis]) : [],
  )
}
