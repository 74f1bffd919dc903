import {
  type ErrorDescription,
  jsonOrUndefined,
  SMALL_ANSWER,
  type TextAnswer,
  type UpstreamCode,
} from '../../../http/index.js'

/** Errors of the token endpoint that pass by themselves; every other one needs a person. */
const TRANSIENT_ERRORS = ['temporarily_unavailable', 'server_error']

/**
 * Reads Entra's error body (docs/wire-dataverse.md, 2). What happens follows from `error` and the status; the AADSTS
 * number is only shown, because Microsoft may change it.
 */
export function describeEntraError(answer: TextAnswer): ErrorDescription {
  const body = parse(answer.body)
  const error = typeof body?.error === 'string' ? /^[a-z_]{1,40}$/.exec(body.error)?.[0] : undefined
  const number = Array.isArray(body?.error_codes) ? (body.error_codes as unknown[])[0] : undefined
  return {
    upstreamCode: error ?? null,
    code: outcome(answer.status, error),
    paths: typeof number === 'number' ? [`AADSTS${number}`] : [],
  }
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
