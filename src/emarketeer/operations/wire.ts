import type { Http, HttpRequest } from '../../http/index.js'

/**
 * The dependencies of every group of operations: the HTTP plumbing, and a function that puts the account's path before
 * a request's path.
 */
export interface Wire {
  readonly http: Http
  readonly call: (request: HttpRequest) => HttpRequest
  readonly accountId: string
}

/** Checks a size limit of the contract. @throws RangeError if the caller exceeds it. */
export function assertAtMost(count: number, max: number, what: string): void {
  if (count > max) {
    throw new RangeError(`${what}: ${count} given, at most ${max} are allowed`)
  }
}
