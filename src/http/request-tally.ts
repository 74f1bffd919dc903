import type { UpstreamSystem } from './upstream-error.js'

/** Which side a request was spent on, as the pre-send result counts them (rule G3). */
export type RequestKind = 'emarketeer' | 'crm'

/** The side that a system belongs to. */
function requestKind(system: UpstreamSystem): RequestKind {
  return system === 'emarketeer' ? 'emarketeer' : 'crm'
}

/**
 * Counts the HTTP requests of one piece of work, by side and by operation (rule G3, `requests`).
 *
 * Every attempt counts, failed ones too: the customer's entitlement is spent by them as well.
 */
export class RequestTally {
  readonly #byKind: Record<RequestKind, number> = { emarketeer: 0, crm: 0 }
  readonly #byOperation = new Map<string, number>()

  /** Counts one request; `name` is the client's short operation name, e.g. `states.read`. */
  add(system: UpstreamSystem, name: string): void {
    this.#byKind[requestKind(system)] += 1
    const key = `${system}.${name}`
    this.#byOperation.set(key, (this.#byOperation.get(key) ?? 0) + 1)
  }

  /** Requests so far per side. */
  totals(): Readonly<Record<RequestKind, number>> {
    return { ...this.#byKind }
  }

  /** Requests so far per `<system>.<operation>`. */
  operations(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#byOperation)
  }
}
