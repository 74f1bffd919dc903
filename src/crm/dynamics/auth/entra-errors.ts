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

/** The parts of a refused call that explain it. */
interface Refused {
  readonly upstreamCode: string | null
  /** As `src/http` reports it: status, code, and Entra's AADSTS number. */
  readonly detail: string
}

/** Why Dataverse or Entra refuses these credentials, by code; each needs something else from a person. */
const HINTS: Readonly<Record<string, string>> = {
  '0x80072560': 'The app is no application user of this environment: add it in the admin centre.',
  '0x80040225': 'The application user is disabled: enable it.',
  '0x8004d24b': 'The application user is disabled: enable it.',
  invalid_client: 'The client secret is wrong or has expired: put a new one in the connection.',
  unauthorized_client: 'Entra does not know this client id in this tenant.',
  invalid_resource: 'Entra does not know this environment address in this tenant.',
  wrong_organization: 'Another organisation answers at this address than the one set up before.',
}

/** Only for the text: the outcome follows from the codes, as Microsoft may change the numbers. */
const SECRET_EXPIRED = 'AADSTS7000222'

/** The probable reason why credentials are refused, and what to do. */
export function refusalHint({ upstreamCode, detail }: Refused): string {
  return detail.includes(SECRET_EXPIRED)
    ? 'The client secret has expired: make a new one in Entra ID, and put it in the connection.'
    : (HINTS[upstreamCode ?? ''] ?? 'Dynamics does not accept these credentials.')
}

/** The same for a connection that worked before. */
export function explainRefusal(refused: Refused): string {
  return (
    `Dynamics refuses the application's credentials. ${refusalHint(refused)} ` +
    'After a change in the connection apply its file again; the sync notices by itself what is fixed in Dynamics or Entra.'
  )
}
