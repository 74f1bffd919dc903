import type { PauseCode } from '../../contracts/setup.js'

/** What may be mended outside without anybody telling us: looked at again by itself. */
const MAY_MEND_ITSELF: ReadonlySet<PauseCode> = new Set<PauseCode>([
  'privilegeMissing',
  'gatewayUnreachable',
  'tenantUnavailable',
  'draftPending',
  'purposeMissing',
  'userNotDedicated',
])

const FIRST_MS = 5 * 60_000
const MOST_MS = 60 * 60_000

/**
 * After how long a paused step is looked at again by itself; null: only when a person says so (a refused credential is
 * not tried again and again, and a choice cannot make itself).
 */
export function recheckAfterMs(code: PauseCode, rechecks: number): number | null {
  return MAY_MEND_ITSELF.has(code) ? Math.min(MOST_MS, FIRST_MS * 2 ** rechecks) : null
}
