import type { PauseCode } from '../../contracts/setup.js'

/**
 * What somebody mends outside without telling us, and what then has only one answer: looked at again by itself. Not
 * `userNotDedicated`: whether others use our user is a person's word (rule E3), and their traces going away, as others
 * write to the same rows, is no such word. Not `columnTypeClash`: a table of our name that is gone for a moment, while
 * somebody works on it, is not ours to make. Not `authFailed`: refused sign-ins may lock the user out. `formUncertain`,
 * `detailsTabMissing` and `viewUncertain` are choices, and of `stepFailed` nobody knows what it would do again.
 */
const MAY_MEND_ITSELF: ReadonlySet<PauseCode> = new Set<PauseCode>([
  'privilegeMissing',
  'gatewayUnreachable',
  'tenantUnavailable',
  'draftPending',
  'purposeMissing',
])

const FIRST_MS = 5 * 60_000
const MOST_MS = 60 * 60_000

/**
 * After how long a paused step is looked at again by itself; null: only when a person says so.
 */
export function recheckAfterMs(code: PauseCode, rechecks: number): number | null {
  return MAY_MEND_ITSELF.has(code) ? Math.min(MOST_MS, FIRST_MS * 2 ** rechecks) : null
}
