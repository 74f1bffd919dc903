import type { Stamp } from '../../../domain/reconcile/types.js'
import type { ClockReading } from '../../../http/index.js'
import type { ConsentRow } from './consent-row.js'

/** Least uncertainty of a stamp. */
const MIN_EPS_MS = 2_000

/** A clock further off than this proves nothing. */
const MAX_OFFSET_MS = 5 * 60_000

/**
 * When a row was written, and how far that may be off; null where it proves nothing: no clock was read, it is too far
 * off, or the time lies in the future (docs/reconciliation.md, eps).
 *
 * @param nowMs our clock.
 */
export function stampOf(
  row: Pick<ConsentRow, 'registeredMs' | 'updatedMs'>,
  clock: Pick<ClockReading, 'offsetMs' | 'roundTripMs'> | null,
  nowMs: number,
): Stamp | null {
  const { registeredMs, updatedMs } = row
  if (clock === null || (registeredMs === null && updatedMs === null)) {
    return null
  }
  const atMs = Math.max(registeredMs ?? 0, updatedMs ?? 0)
  const offsetMs = Math.abs(clock.offsetMs)
  const inFuture = atMs > nowMs + clock.offsetMs + MIN_EPS_MS
  if (offsetMs > MAX_OFFSET_MS || inFuture) {
    return null
  }
  return { atMs, epsMs: Math.max(MIN_EPS_MS, offsetMs + Math.ceil(clock.roundTripMs / 2)) }
}
