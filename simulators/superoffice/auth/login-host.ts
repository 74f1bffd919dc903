import { json, type SimRequest, type SimResponse } from '../../common/http-server.js'
import { htmlPage } from '../errors.js'
import type { Installation } from '../installation.js'
import { envelope } from './jwt.js'
import type { KeyPairs } from './key-pairs.js'
import { refusalOf } from './system-token.js'
import type { TicketBook } from './ticket-book.js'

export interface LoginHost {
  readonly world: Installation
  readonly keys: KeyPairs
  readonly tickets: TicketBook
  readonly url: string
  /** Whether the administrator has revoked the approval. */
  readonly isRevoked: () => boolean
}

type Page = 'tenantStatus' | 'jwks' | 'openidConfiguration' | 'authenticate' | '(no such page)'

/** The kind of a request to the sign-in host. Paths ignore case. */
export function pageOf(request: SimRequest): Page {
  const path = request.path.toLowerCase()
  switch (`${request.method} ${path}`) {
    case 'GET /login/.well-known/jwks':
      return 'jwks'
    case 'GET /login/.well-known/openid-configuration':
      return 'openidConfiguration'
    case 'POST /login/api/partnersystemuser/authenticate':
      return 'authenticate'
    default:
      return request.method === 'GET' && /^\/api\/state\/[^/]+$/.test(path)
        ? 'tenantStatus'
        : '(no such page)'
  }
}

/** Answers the sign-in host: tenant status, key set, exchange of the system user token. */
export function answerLogin(host: LoginHost, request: SimRequest): SimResponse {
  switch (pageOf(request)) {
    case 'tenantStatus':
      return tenantStatus(host.world, request.path.slice('/api/state/'.length))
    case 'jwks':
      return json(200, { keys: [publicJwk(host.keys)] })
    case 'openidConfiguration':
      return json(200, metadata(host.url))
    case 'authenticate':
      return authenticate(host, request)
    case '(no such page)':
      return htmlPage(404, 'Not found')
  }
}

function publicJwk({ host }: KeyPairs) {
  return { ...host.publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: host.kid }
}

function tenantStatus(world: Installation, contextIdentifier: string): SimResponse {
  if (decodeURIComponent(contextIdentifier) !== world.options.contextIdentifier) {
    return json(404, { Message: 'Unknown context identifier' })
  }
  const validMs = world.options.stateValidSeconds * 1000
  return json(200, {
    ContextIdentifier: world.options.contextIdentifier,
    Endpoint: `${world.apiHost}/${world.options.contextIdentifier}`,
    State: world.tenantState,
    IsRunning: world.isRunning(),
    ValidUntil: new Date(world.loginClock.now() + validMs).toISOString().replace('Z', '9342Z'),
    Api: `${world.apiHost}${world.apiPath()}`,
    Version: 'Release_11.10_2026.02.24-02',
  })
}

/** Failures are 200 with `IsSuccessful: false`. */
function authenticate(host: LoginHost, request: SimRequest): SimResponse {
  if (!/^application\/json(;|$)/i.test(request.headers['content-type'] ?? '')) {
    return json(415, { Message: 'The request entity media type is not supported.' })
  }
  let body: Record<string, unknown>
  try {
    body = JSON.parse(request.body.toString('utf8')) as Record<string, unknown>
  } catch {
    return json(400, { Message: 'The request is invalid.' })
  }
  const refusal = whyNot(host, body)
  if (refusal !== undefined) {
    return json(200, { IsSuccessful: false, Token: null, ErrorMessage: refusal })
  }
  const { world, tickets } = host
  const ticket = tickets.issue(world.switches.ticketSeconds * 1000)
  const token = envelope(world, host.keys, ticket)
  return json(200, { IsSuccessful: true, Token: token, ErrorMessage: null })
}

function whyNot(host: LoginHost, body: Readonly<Record<string, unknown>>): string | undefined {
  const { options, loginClock } = host.world
  if (body['ApplicationToken'] !== options.clientSecret) {
    return 'The application token is not valid.'
  }
  if (body['ContextIdentifier'] !== options.contextIdentifier) {
    return 'The context identifier is unknown.'
  }
  if (body['ReturnTokenType'] !== 'JWT') {
    return 'The return token type is not supported.'
  }
  if (host.isRevoked()) {
    return 'The application is not approved for this tenant.'
  }
  return refusalOf(
    String(body['SignedSystemToken'] ?? ''),
    options.systemUserToken,
    host.keys.application.publicKey,
    loginClock.now(),
  )
}

function metadata(url: string) {
  return {
    issuer: 'SuperOffice AS',
    authorization_endpoint: `${url}/login/common/oauth/authorize`,
    token_endpoint: `${url}/login/common/oauth/tokens`,
    jwks_uri: `${url}/login/.well-known/jwks`,
    id_token_signing_alg_values_supported: ['RS256'],
  }
}
