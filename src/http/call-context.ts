import type { RequestTally } from './request-tally.js'
import type { UpstreamCode, UpstreamSystem } from './upstream-error.js'

/** The result of one HTTP request, for metrics and logs. It contains no value of the call. */
export interface RequestRecord {
  readonly system: UpstreamSystem
  readonly operation: string
  readonly status: number | null
  readonly durationMs: number
  /** null if the request succeeded. */
  readonly failure: UpstreamCode | null
}

/**
 * How far a server's clock is ahead of ours, from its Date header (docs/reconciliation.md, eps). Date is in full
 * seconds, so the true offset is within half a round trip plus half of `resolutionMs` of `offsetMs`.
 */
export interface ClockReading {
  readonly system: UpstreamSystem
  readonly offsetMs: number
  readonly roundTripMs: number
  readonly resolutionMs: 1000
}

/** An unreadable record that was left out of an answer. It contains no value of the record. */
export interface UnreadableRecord {
  readonly operation: string
  /** The path that does not fit, e.g. `consents.marketingSendouts.version`. */
  readonly path: string
  /** Its id, if readable. */
  readonly id: string | null
}

/** Passed with every call: cancellation, and callbacks for facts beside the result. All are optional. */
export interface CallContext {
  readonly signal?: AbortSignal | undefined
  readonly tally?: RequestTally | undefined
  readonly onRequest?: ((record: RequestRecord) => void) | undefined
  readonly onUnreadable?: ((record: UnreadableRecord) => void) | undefined
  readonly onClock?: ((reading: ClockReading) => void) | undefined
}
