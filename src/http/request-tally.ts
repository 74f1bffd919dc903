import type { UpstreamSystem } from './upstream-error.js'

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
