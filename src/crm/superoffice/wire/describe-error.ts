import {
  type ErrorDescription,
  jsonOrUndefined,
  SMALL_ANSWER,
  type TextAnswer,
  type UpstreamError,
} from '../../../http/index.js'

/** An error answer that is no JSON: a gateway's page, or IIS refusing a long query. */
export const NOT_JSON = 'not_json'

/** Names of exceptions only; messages are never shown, as they quote values. */
const EXCEPTION = /^(?:[A-Z][A-Za-z]{0,39}\.){0,5}[A-Z]?[A-Za-z]{0,60}Exception$/

/** Something of theirs that has another name: which one may be a value. */
const UNNAMED = 'unnamed_exception'

/** What could be a name at all. */
const NAME = /^[A-Za-z][A-Za-z0-9_.]{0,79}$/

/** Describes a refused request for the HTTP plumbing (docs/wire-superoffice.md, 3). */
export function describeSuperOfficeError(answer: TextAnswer): ErrorDescription {
  const body = parse(answer.body)
  if (body === undefined) {
    return { upstreamCode: NOT_JSON }
  }
  const type = (body as { ErrorType?: unknown } | null)?.ErrorType
  if (typeof type !== 'string' || !NAME.test(type)) {
    return { upstreamCode: null }
  }
  return { upstreamCode: EXCEPTION.test(type) ? type : UNNAMED }
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
