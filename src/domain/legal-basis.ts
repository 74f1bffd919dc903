/**
 * Legal bases and purposes, as eMarketeer and SuperOffice name them (rules A, B, C).
 *
 * `none` (nothing recorded) and `withdrawn` (an active refusal) are states, not bases, and are never merged.
 */

/** Purposes that are synced. `profiling` exists in eMarketeer and is never synced. */
export const PURPOSES = ['storeAndProcess', 'marketingSendouts'] as const

/** What a person's data is used for. */
export type Purpose = (typeof PURPOSES)[number]

/** The bases that allow processing. */
export const POSITIVE_BASES = [
  'consent',
  'legitimateInterest',
  'contract',
  'requiredByLaw',
  'vitalInterests',
  'publicInterest',
] as const

/** A basis that allows processing (GDPR Article 6). */
export type PositiveBasis = (typeof POSITIVE_BASES)[number]

/** Every value a purpose can have for one address. */
export const LEGAL_BASES = [...POSITIVE_BASES, 'withdrawn', 'none'] as const

/** A positive basis, or one of the two states that are not. */
export type LegalBasis = (typeof LEGAL_BASES)[number]

/** Whether the value is one of {@link POSITIVE_BASES}. */
export function isPositive(value: string): value is PositiveBasis {
  return (POSITIVE_BASES as readonly string[]).includes(value)
}

/** Whether a text is one of {@link LEGAL_BASES}; anything else is a wire error. */
export function isLegalBasis(text: unknown): text is LegalBasis {
  return (LEGAL_BASES as readonly unknown[]).includes(text)
}
