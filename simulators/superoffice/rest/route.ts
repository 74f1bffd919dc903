import type { SimResponse } from '../../common/http-server.js'
import type { ApiCall } from '../server/api-call.js'

/** One operation of the Web API; `pattern` is matched with the path below `/api/v1/`. */
export interface Route {
  readonly operation: string
  readonly method: string
  readonly pattern: RegExp
  readonly handle: (call: ApiCall) => SimResponse | Promise<SimResponse>
}

/** An operation of an agent: RPC by POST, `null` if nothing is found (wire page, section 3). */
export function agent(name: string, operation: string, handle: Route['handle']): Route {
  return { operation, method: 'POST', pattern: new RegExp(`^Agents/${name}$`), handle }
}

export const NO_CONTENT: SimResponse = { status: 204 }
