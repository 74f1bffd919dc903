/** Why a targeted contact is not on the mailing list: one reason each, the first that fits (rule G4). */
export const EXCLUSION_REASONS = [
  'notVerified',
  'deletedInCrm',
  'storeNotAllowed',
  'consentWithdrawn',
  'noLegalBasis',
  'unsubscribedFromCategory',
  'addressInvalid',
  'duplicateAddress',
] as const

/** One of the rows of the Checklist. */
export type ExclusionReason = (typeof EXCLUSION_REASONS)[number]
