import type { FaultBoard } from '../../common/faults.js'
import type { RequestCounters } from '../../common/counters.js'
import type { SimResponse } from '../../common/http-server.js'
import type { TokenBook } from '../entra/token-book.js'
import type { ServiceProtection } from '../http/service-protection.js'
import type { Context, Organisation } from '../organisation.js'
import type { JsonObject } from '../store/schema.js'
import { personByName } from '../store/seed-organisation.js'
import type { WebhookDispatcher } from '../webhooks/dispatcher.js'

/** Parts of the stand-in that the control API can change. */
export interface ControlTargets {
  readonly org: Organisation
  readonly tokens: TokenBook
  readonly faults: FaultBoard
  readonly counters: RequestCounters
  readonly protection: ServiceProtection
  readonly secrets: Map<string, string>
  readonly webhooks: WebhookDispatcher
  readonly root: string
}

/** One call of the control API: path segments after the prefix, query, JSON body. */
export interface ControlCall {
  readonly targets: ControlTargets
  readonly method: string
  readonly segments: readonly string[]
  readonly query: URLSearchParams
  readonly body: JsonObject
}

/** Answers a control call, or undefined when the path is not its own. */
export type ControlRoute = (call: ControlCall) => SimResponse | Promise<SimResponse> | undefined

/** Acts as a named person of the CRM (`as`, default "Sales Rep"), who may do everything. */
export function actingAs(call: ControlCall): Context {
  const named = call.body['as'] ?? call.query.get('as')
  const name = typeof named === 'string' ? named : 'Sales Rep'
  return contextOf(call.targets, personByName(call.targets.org, name))
}

/** A context without privilege checks or metadata cache. */
export function contextOf(targets: ControlTargets, userId: string): Context {
  return { org: targets.org, userId, checked: false, strong: true, root: targets.root }
}
