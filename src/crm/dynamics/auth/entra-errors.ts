import {
  type ErrorDescription,
  jsonOrUndefined,
  SMALL_ANSWER,
  type TextAnswer,
  type UpstreamCode,
} from '../../../http/index.js'

/** Error codes of OAuth 2.0 and of Entra (RFC 6749, 5.2; docs/wire-dataverse.md, 2). Others are not passed on. */
const KNOWN_ERRORS = [
  'access_denied',
  'consent_required',
  'interaction_required',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_resource',
  'invalid_scope',
  'login_required',
  'server_error',
  'temporarily_unavailable',
  'unauthorized_client',
  'unsupported_grant_type',
]

/** AADSTS numbers have five to seven digits. */
const LEAST_NUMBER = 10_000
const MOST_NUMBER = 9_999_999

/** Errors of the token endpoint that pass by themselves; every other one needs a person. */
const TRANSIENT_ERRORS = ['temporarily_unavailable', 'server_error']

/**
 * Reads Entra's error body (docs/wire-dataverse.md, 2). The outcome follows from `error` and the status; the AADSTS
 * number is only shown, because Microsoft may change it.
 */
export function describeEntraError(answer: TextAnswer): ErrorDescription {
  const body = parse(answer.body)
  const error = KNOWN_ERRORS.find((known) => known === body?.error)
  const number = Array.isArray(body?.error_codes) ? (body.error_codes as unknown[])[0] : undefined
  return {
    upstreamCode: error ?? null,
    code: outcome(answer.status, error),
    paths: isAadsts(number) ? [`AADSTS${number}`] : [],
  }
}

function isAadsts(number: unknown): number is number {
  return Number.isInteger(number) && Number(number) >= LEAST_NUMBER && Number(number) <= MOST_NUMBER
}

function outcome(status: number, error: string | undefined): UpstreamCode | undefined {
  if (status === 429 || status >= 500) {
    return undefined
  }
  return error !== undefined && TRANSIENT_ERRORS.includes(error)
    ? 'upstream_unavailable'
    : 'upstream_auth_failed'
}

function parse(text: string): { error?: unknown; error_codes?: unknown } | null {
  const parsed = jsonOrUndefined(text, SMALL_ANSWER.elements)
  return typeof parsed === 'object' ? parsed : null
}
