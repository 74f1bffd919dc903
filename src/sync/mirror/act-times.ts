import { isPositive } from '../../domain/legal-basis.js'
import type { ReadLegalBasis } from '../../emarketeer/index.js'

/** Between which moments a person's act in eMarketeer counts, Unix ms; null: not such an act, or not told when. */
export interface ActTimes {
  readonly positiveActMs: number | null
  readonly denyActMs: number | null
}

/** The present value is nobody's act: a default, or what a CRM wrote. */
export const NOBODYS_ACT: ActTimes = { positiveActMs: null, denyActMs: null }

/**
 * When a person set this basis in eMarketeer, as far as it may count: a positive one at the earliest that it may have been, a
 * deny at the latest. `eventTime` is whoever recorded it's own, and may lie up to five minutes ahead (docs/wire-emarketeer.md):
 * a consent counted by that would be later than an opt-out that came after it.
 */
export function actTimesOf(
  basis: ReadLegalBasis,
  told: { readonly eventTimeMs: number | null; readonly recordedAtMs: number | null },
): ActTimes {
  const { eventTimeMs, recordedAtMs } = told
  if (basis === 'unreadable') {
    return NOBODYS_ACT
  }
  return isPositive(basis)
    ? {
        positiveActMs:
          eventTimeMs === null ? null : Math.min(eventTimeMs, recordedAtMs ?? eventTimeMs),
        denyActMs: null,
      }
    : { positiveActMs: null, denyActMs: Math.max(eventTimeMs ?? 0, recordedAtMs ?? 0) }
}
