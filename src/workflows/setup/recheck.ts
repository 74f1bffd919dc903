import type { PauseCode } from '../../contracts/setup.js'
import { PAUSES } from '../../domain/transitions.js'

const FIRST_MS = 5 * 60_000
const MOST_MS = 60 * 60_000

/**
 * After how long a paused step is looked at again by itself; null: only when a person says so.
 */
export function recheckAfterMs(code: PauseCode, rechecks: number): number | null {
  // A code of another release waits for a person, as whatever is not known to mend itself.
  return (PAUSES as Partial<typeof PAUSES>)[code]?.looksAgain
    ? Math.min(MOST_MS, FIRST_MS * 2 ** rechecks)
    : null
}
