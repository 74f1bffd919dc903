import {
  type ErrorDescription,
  jsonOrUndefined,
  SMALL_ANSWER,
  type TextAnswer,
  type UpstreamError,
} from '../../../http/index.js'

/** An error answer without JSON: a gateway's page, or IIS refusing a long query. */
export const NOT_JSON = 'not_json'

/** Only names of exceptions are shown: messages quote values. */
const EXCEPTION = /^(?:[A-Z][A-Za-z]{0,39}\.){0,5}[A-Z]?[A-Za-z]{0,60}Exception$/

/** A failure of theirs with another name, which may be a value. */
const UNNAMED = 'unnamed_exception'

/** The form of a name. */
const NAME = /^[A-Za-z][A-Za-z0-9_.]{0,79}$/

/** Describes a refused request for `src/http` (docs/wire-superoffice.md, 3). */
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
 * An exception of SuperOffice's own, with status 500. The status of a refusal is not documented: this may be one, or a
 * fault of the server.
 */
export function isOwnException({ status, upstreamCode }: UpstreamError): boolean {
  return status === 500 && upstreamCode !== null && upstreamCode !== NOT_JSON
}

/** An empty body is not a page. It has no content, so null is returned. */
function parse(text: string): unknown {
  return text.trim() === '' ? null : jsonOrUndefined(text, SMALL_ANSWER.elements)
}
