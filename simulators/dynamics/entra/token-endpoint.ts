import { randomUUID } from 'node:crypto'
import { json, type SimRequest, type SimResponse } from '../../common/http-server.js'
import type { DynamicsOptions } from '../options.js'
import type { TokenBook } from './token-book.js'

export interface SignInContext {
  readonly options: DynamicsOptions
  readonly tokens: TokenBook
  /** Address of this server, also the organisation's. */
  readonly url: string
  readonly nowMs: number
  /** Secrets changed by the control API, by client id. */
  readonly secrets: ReadonlyMap<string, string>
}

const TOKEN_PATH = /^\/([^/]+)\/oauth2\/v2\.0\/token$/
const OPENID_PATH = /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/

/** Answers the paths of the identity service; undefined for any other path (wire page, section 2). */
export function signIn(context: SignInContext, request: SimRequest): SimResponse | undefined {
  const tokenTenant = TOKEN_PATH.exec(request.path)?.[1]
  if (tokenTenant !== undefined) {
    return request.method === 'POST'
      ? token(context, tokenTenant, request)
      : json(405, { error: 'invalid_request', error_description: 'AADSTS900561' })
  }
  const openidTenant = OPENID_PATH.exec(request.path)?.[1]
  if (openidTenant !== undefined) {
    return json(200, openidConfiguration(context, openidTenant))
  }
  if (/^\/common\/discovery\/instance$/.test(request.path)) {
    return json(200, instanceDiscovery(context))
  }
  return undefined
}

function token(context: SignInContext, tenant: string, request: SimRequest): SimResponse {
  const { options } = context
  const form = new URLSearchParams(request.body.toString('utf8'))
  if (tenant !== options.tenantId) {
    return refusal(context, 400, 'invalid_request', 90002, `Tenant '${tenant}' not found.`)
  }
  for (const field of ['grant_type', 'client_id', 'client_secret', 'scope']) {
    if ((form.get(field) ?? '') === '') {
      return refusal(
        context,
        400,
        'invalid_request',
        900144,
        `The request body must contain the following parameter: '${field}'.`,
      )
    }
  }
  if (form.get('grant_type') !== 'client_credentials') {
    return refusal(
      context,
      400,
      'unsupported_grant_type',
      70003,
      'The app requested an unsupported grant type.',
    )
  }
  const clientId = form.get('client_id') ?? ''
  const app = options.apps.find((one) => one.clientId === clientId)
  if (app === undefined) {
    return refusal(
      context,
      400,
      'unauthorized_client',
      700016,
      `Application with identifier '${clientId}' was not found in the directory.`,
    )
  }
  if (form.get('client_secret') !== (context.secrets.get(clientId) ?? app.secret)) {
    return refusal(
      context,
      401,
      'invalid_client',
      7000215,
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
    )
  }
  if (app.secretState === 'expired') {
    return refusal(
      context,
      401,
      'invalid_client',
      7000222,
      `The provided client secret keys for app '${clientId}' are expired.`,
    )
  }
  return grant(context, app, form.get('scope') ?? '')
}

function grant(
  context: SignInContext,
  app: DynamicsOptions['apps'][number],
  scope: string,
): SimResponse {
  const wanted = scope.split(' ').filter((one) => one.includes('://'))
  const resource = wanted[0]?.replace(/\/?\/\.default$/, '')
  if (wanted.length !== 1 || resource === wanted[0] || resource === undefined) {
    return refusal(
      context,
      400,
      'invalid_scope',
      1002012,
      `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.`,
    )
  }
  if (resource !== context.url) {
    return refusal(
      context,
      400,
      'invalid_resource',
      500011,
      `The resource principal named ${resource} was not found in the tenant.`,
    )
  }
  const lifetime = context.options.tokenLifetimeSeconds
  return json(200, {
    token_type: 'Bearer',
    expires_in: lifetime,
    ext_expires_in: lifetime,
    access_token: context.tokens.issue(app, resource, context.nowMs, lifetime),
  })
}

function refusal(
  context: SignInContext,
  status: number,
  error: string,
  number: number,
  message: string,
): SimResponse {
  const trace = randomUUID()
  const correlation = randomUUID()
  const timestamp = new Date(context.nowMs)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z/, 'Z')
  return json(status, {
    error,
    error_description: `AADSTS${number}: ${message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [number],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${number}`,
  })
}

/** Sign-in libraries refuse plain http, so links have https; their transport uses http for loopback. */
function authority(context: SignInContext): string {
  return context.url.replace(/^http:/, 'https:')
}

function openidConfiguration(context: SignInContext, tenant: string): unknown {
  const base = `${authority(context)}/${tenant}`
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post'],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${base}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
  }
}

function instanceDiscovery(context: SignInContext): unknown {
  const host = context.url.replace(/^https?:\/\//, '')
  const tenant = context.options.tenantId
  return {
    tenant_discovery_endpoint: `${authority(context)}/${tenant}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  }
}
