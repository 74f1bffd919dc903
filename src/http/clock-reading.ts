import type { ClockReading } from './call-context.js'
import type { UpstreamSystem } from './upstream-error.js'

/** Date is cut down to the second, so the server's clock stood half a second later on average. */
const HALF_SECOND_MS = 500

/**
 * Reads a server's clock from one exchange.
 *
 * @param sentAtMs and receivedAtMs our clock, Unix milliseconds.
 * @returns null where the Date header is missing or no date.
 */
export function readClock(
  system: UpstreamSystem,
  dateHeader: string | undefined,
  sentAtMs: number,
  receivedAtMs: number,
): ClockReading | null {
  const serverMs = dateHeader === undefined ? Number.NaN : Date.parse(dateHeader)
  if (Number.isNaN(serverMs)) {
    return null
  }
  const roundTripMs = Math.max(0, receivedAtMs - sentAtMs)
  const offsetMs = Math.round(serverMs + HALF_SECOND_MS - (sentAtMs + roundTripMs / 2))
  return { system, offsetMs, roundTripMs, resolutionMs: 1000 }
}
