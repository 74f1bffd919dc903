import type { SetupPause } from '../../contracts/setup.js'
import { meaningOf } from '../steps/before.js'

const FIRST_MS = 5 * 60_000
const MOST_MS = 60 * 60_000

/** Milliseconds until a paused step is checked again without a person; null: only when a person decides so. */
export function recheckAfterMs(pause: SetupPause, rechecks: number): number | null {
  // A code of another release waits for a person.
  return meaningOf(pause).looksAgain ? Math.min(MOST_MS, FIRST_MS * 2 ** rechecks) : null
}
