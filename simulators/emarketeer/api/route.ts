import type { SimRequest, SimResponse } from '../../common/http-server.js'
import type { Account } from '../model/account.js'
import type { World } from '../world.js'

/** Input of a handler: the account is known and the key is valid. */
export interface ApiCall {
  readonly world: World
  readonly account: Account
  readonly request: SimRequest
  /** Variable parts of the path, decoded. */
  readonly parts: readonly string[]
}

/** One operation; `pattern` matches the path below the layer's base. */
export interface Route {
  readonly method: string
  readonly pattern: RegExp
  /** Method and path template, for the counters. */
  readonly operation: string
  readonly handle: (call: ApiCall) => SimResponse | Promise<SimResponse>
}
