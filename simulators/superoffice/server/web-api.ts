import { setTimeout as sleep } from 'node:timers/promises'
import { json, type SimRequest, type SimResponse } from '../../common/http-server.js'
import { isSignedIn } from '../auth/identify.js'
import type { TicketBook } from '../auth/ticket-book.js'
import { badRequest, errorAnswer, htmlPage, notFound } from '../errors.js'
import type { Installation } from '../installation.js'
import { agentRoutes } from '../rest/agent-routes.js'
import { archiveRoutes } from '../rest/archive-routes.js'
import { listRoutes } from '../rest/list-routes.js'
import { personRoutes } from '../rest/person-routes.js'
import { principalRoutes } from '../rest/principal-route.js'
import type { Route } from '../rest/route.js'
import { webhookRoutes } from '../rest/webhook-routes.js'

const ROUTES: readonly Route[] = [
  ...archiveRoutes,
  ...personRoutes,
  ...listRoutes,
  ...principalRoutes,
  ...agentRoutes,
  ...webhookRoutes,
]

export interface WebApi {
  readonly world: Installation
  readonly tickets: TicketBook
  readonly isRevoked: () => boolean
}

/** The kind of a request, for counting. */
export function operationOf(world: Installation, request: SimRequest): string {
  if (request.path === world.apiPath()) {
    return 'apiRoot'
  }
  return routeOf(world, request)?.operation ?? '(no such operation)'
}

/**
 * Answers one request as the web server and the API behind it do. Checks in this order: running, address, length,
 * credentials, headers, load, operation.
 */
export async function answerApi(api: WebApi, request: SimRequest): Promise<SimResponse> {
  const { world } = api
  if (!world.isRunning()) {
    return htmlPage(503, 'Service Unavailable')
  }
  if (request.method === 'GET' && request.path === world.apiPath()) {
    return json(200, {
      v1: `${world.shownApi()}/v1/`,
      NetServerVersion: world.options.older ? '8.2.6570.0' : '11.10.721.0',
    })
  }
  if (!request.path.startsWith(`${world.apiPath()}/v1/`)) {
    return htmlPage(404, '404 - File or directory not found.')
  }
  const { maxQueryBytes, latencyMs } = world.switches
  if (request.method === 'GET' && request.rawQuery.length > maxQueryBytes) {
    return htmlPage(404, 'HTTP Error 404.15 - Not Found')
  }
  if (!isSignedIn(world, api.tickets, api.isRevoked(), request)) {
    return unauthorized(world)
  }
  if (latencyMs > 0) {
    await sleep(latencyMs)
  }
  try {
    return await dispatch(world, request)
  } catch (error) {
    return errorAnswer(error)
  }
}

function unauthorized(world: Installation): SimResponse {
  const scheme = world.options.mode === 'onsite' ? 'Basic realm="SuperOffice"' : 'SOTicket'
  return { status: 401, headers: { 'WWW-Authenticate': scheme } }
}

async function dispatch(world: Installation, request: SimRequest): Promise<SimResponse> {
  const { headers } = request
  if (!/(^|,\s*)application\/json\s*(;|,|$)/i.test(headers['accept'] ?? '')) {
    throw badRequest('Accept must name application/json')
  }
  const route = routeOf(world, request)
  if (route === undefined) {
    throw notFound('No such resource or method')
  }
  const zone = (headers['so-timezone'] ?? '').split(',').map((it) => it.trim().toLowerCase())
  if (zone.some((it) => it !== '' && it !== 'utc' && it !== 'includetzoffset')) {
    throw badRequest('A time zone that this stand-in does not know')
  }
  return await route.handle({
    world,
    request,
    parts: (route.pattern.exec(pathBelow(world, request)) ?? []).slice(1).map(decode),
    associateId: world.options.associateId,
    english: /^en\b/i.test(headers['so-language'] || (headers['accept-language'] ?? '')),
    zoneSuffix: zone.includes('includetzoffset') ? world.switches.zoneSuffix : '',
    filterAheadSeconds: filterAhead(world, zone),
  })
}

/** Without a zone in the header, times are in the base time zone. Of other zones it knows only UTC. */
function filterAhead({ switches }: Installation, zone: readonly string[]): number {
  const isUtc = zone.includes('utc')
  const baseSeconds = switches.baseTimeZoneMinutes * 60
  if (switches.filterTimes === 'moment') {
    return isUtc ? 0 : baseSeconds
  }
  return isUtc ? -baseSeconds : 0
}

function routeOf(world: Installation, request: SimRequest): Route | undefined {
  const path = pathBelow(world, request)
  return ROUTES.find((it) => it.method === request.method && it.pattern.test(path))
}

function pathBelow(world: Installation, request: SimRequest): string {
  return request.path.slice(world.apiPath().length + '/v1/'.length)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw badRequest('Bad percent-encoding in the path')
  }
}
