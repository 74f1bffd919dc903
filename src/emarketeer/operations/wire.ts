import type { Http, HttpRequest } from '../../http/index.js'

/** What every group of operations is built on: the plumbing, and the account's path put before a request's. */
export interface Wire {
  readonly http: Http
  readonly call: (request: HttpRequest) => HttpRequest
  readonly accountId: string
}

/** A limit of the contract that the caller broke. */
export function assertAtMost(count: number, max: number, what: string): void {
  if (count > max) {
    throw new RangeError(`${what}: ${count} given, at most ${max} are allowed`)
  }
}
