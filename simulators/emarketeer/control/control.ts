import type { z } from 'zod'
import { type FaultRule } from '../../common/faults.js'
import { json, type SimRequest, type SimResponse } from '../../common/http-server.js'
import type { World } from '../world.js'
import { controlAccount } from './account-control.js'
import { ControlError } from './control-error.js'
import * as schemas from './schemas.js'

/** The control API under `/__control` (docs/simulators.md): no key, no limits, never counted. */
export function control(world: World, request: SimRequest): SimResponse {
  try {
    const result = dispatch(world, request)
    if (result === undefined) {
      return json(404, { error: 'no such switch' })
    }
    return isResponse(result) ? result : json(200, result)
  } catch (error) {
    return json(400, { error: error instanceof Error ? error.message : 'failed' })
  }
}

function dispatch(world: World, request: SimRequest): unknown {
  const path = request.path.replace(/^\/__control\/?/, '')
  const body = <S extends z.ZodType>(schema: S): z.output<S> =>
    schema.parse(request.body.length === 0 ? {} : JSON.parse(request.body.toString('utf8')))
  const [, accountId, rest] = /^accounts\/([^/]+)\/(.+)$/.exec(path) ?? []
  if (accountId !== undefined && rest !== undefined) {
    const account = world.accounts.get(decodeURIComponent(accountId))
    if (account === undefined) {
      throw new ControlError('no such account')
    }
    const query = new URLSearchParams(request.rawQuery)
    return controlAccount({ account, method: request.method, path: rest, query, body })
  }
  switch (`${request.method} ${path}`) {
    case 'GET health':
      return { ok: true }
    case 'GET accounts':
      return [...world.accounts.values()].map(({ accountId: id, contacts, feed, categories }) => ({
        accountId: id,
        contacts: contacts.size,
        changes: feed.log.length,
        categories: [...categories.values()],
      }))
    case 'POST accounts': {
      const account = world.addAccount(body(schemas.accountBody))
      return { accountId: account.accountId, publicApiKey: account.publicApiKey }
    }
    case 'GET faults':
      return world.faults.list()
    case 'POST faults':
      return { id: world.faults.arm(JSON.parse(request.body.toString('utf8')) as FaultRule) }
    case 'DELETE faults':
      world.faults.clear(new URLSearchParams(request.rawQuery).get('id') ?? undefined)
      return {}
    case 'GET webhooks':
      return { ...world.sender.stats, pending: world.sender.pending() }
    case 'POST webhook-faults':
      world.sender.faults = body(schemas.webhookFaultsBody)
      return {}
    case 'POST clock':
      world.clock.setSkewMs(body(schemas.clockBody).skewMs)
      return {}
    case 'POST slow-writes':
      world.slowWritesMs = body(schemas.slowWritesBody).ms
      return {}
    case 'POST rate-limit': {
      const { limit } = body(schemas.rateLimitBody)
      world.syncLimiter.set(limit)
      world.publicLimiter.set(limit)
      return {}
    }
    case 'GET requests':
      return world.counts.snapshot()
    case 'POST requests/reset':
      world.counts.reset()
      return {}
    default:
      return undefined
  }
}

function isResponse(result: unknown): result is SimResponse {
  return typeof result === 'object' && result !== null && 'status' in result && 'headers' in result
}
