import type { RequestTally } from './request-tally.js'
import type { UpstreamCode, UpstreamSystem } from './upstream-error.js'

/** What one HTTP request came to; for metrics and logs, hence without any value of the call. */
export interface RequestRecord {
  readonly system: UpstreamSystem
  readonly operation: string
  readonly status: number | null
  readonly durationMs: number
  /** null where the request succeeded. */
  readonly failure: UpstreamCode | null
}

/**
 * How far a server's clock is ahead of ours, from its Date header (docs/reconciliation.md, eps).
 *
 * Date has whole seconds, so the true offset lies within half a round trip plus half of `resolutionMs` of `offsetMs`.
 */
export interface ClockReading {
  readonly system: UpstreamSystem
  readonly offsetMs: number
  readonly roundTripMs: number
  readonly resolutionMs: 1000
}

/** A record of an answer that could not be read, and was left out alone. Holds no value of it. */
export interface UnreadableRecord {
  readonly operation: string
  /** Where it does not fit, e.g. `consents.marketingSendouts.version`. */
  readonly path: string
  /** Its id, where that could be read. */
  readonly id: string | null
}

/** Passed with every call: cancellation, and where the call's side facts go. All parts are optional. */
export interface CallContext {
  readonly signal?: AbortSignal | undefined
  readonly tally?: RequestTally | undefined
  readonly onRequest?: ((record: RequestRecord) => void) | undefined
  readonly onUnreadable?: ((record: UnreadableRecord) => void) | undefined
  readonly onClock?: ((reading: ClockReading) => void) | undefined
}
