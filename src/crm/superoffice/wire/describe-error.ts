import {
  type ErrorDescription,
  jsonOrUndefined,
  SMALL_ANSWER,
  type TextAnswer,
  type UpstreamError,
} from '../../../http/index.js'

/** An error answer that is no JSON: a gateway's page, or IIS refusing a long query. */
export const NOT_JSON = 'not_json'

/** Exception names only; messages are never shown, as they quote values. */
const ERROR_TYPE = /^[A-Za-z][A-Za-z0-9_.]{0,79}$/

/** Describes a refused request for the HTTP plumbing (docs/wire-superoffice.md, 3). */
export function describeSuperOfficeError(answer: TextAnswer): ErrorDescription {
  const body = parse(answer.body)
  if (body === undefined) {
    return { upstreamCode: NOT_JSON }
  }
  const type = (body as { ErrorType?: unknown } | null)?.ErrorType
  return { upstreamCode: typeof type === 'string' && ERROR_TYPE.test(type) ? type : null }
}

/**
 * An exception of SuperOffice's own, told with status 500. By which status it refuses what it does not know is not
 * documented: this may be such a refusal, or trouble of the server's.
 */
export function isOwnException({ status, upstreamCode }: UpstreamError): boolean {
  return status === 500 && upstreamCode !== null && upstreamCode !== NOT_JSON
}

/** An empty body is no page: it says nothing, and is told apart from one by null. */
function parse(text: string): unknown {
  return text.trim() === '' ? null : jsonOrUndefined(text, SMALL_ANSWER.elements)
}
