import type { UpstreamCode, UpstreamSystem } from './upstream-error.js'

/** The side to which a request counts in the pre-send result (rule G3). */
export type RequestKind = 'emarketeer' | 'crm'

function requestKind(system: UpstreamSystem): RequestKind {
  return system === 'emarketeer' ? 'emarketeer' : 'crm'
}

/**
 * Counts the HTTP requests of an activity's work, by side and by operation (rule G3, `requests`). Failed attempts also
 * count, because they use the customer's entitlement.
 */
export class RequestTally {
  readonly #byKind: Record<RequestKind, number> = { emarketeer: 0, crm: 0 }
  readonly #byOperation = new Map<string, number>()

  /** Counts one request; `name` is the client's short operation name, such as `states.read`. */
  add(system: UpstreamSystem, name: string): void {
    this.#byKind[requestKind(system)] += 1
    const key = `${system}.${name}`
    this.#byOperation.set(key, (this.#byOperation.get(key) ?? 0) + 1)
  }

  totals(): Readonly<Record<RequestKind, number>> {
    return { ...this.#byKind }
  }

  operations(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#byOperation)
  }
}

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
