import { SMALL_ANSWER } from './answer-limits.js'
import type { ErrorDescription, TextAnswer } from './http-types.js'
import { jsonOrUndefined } from './parse-json.js'

/** Codes and paths are shown in messages, so only harmless characters are let through: no `@`, no blank. */
const HARMLESS = /^[A-Za-z0-9_.[\]-]{1,80}$/

/** How many refused paths a message names. */
const MAX_PATHS = 3

/** Whether an upstream text may stand in a message of ours. */
function isHarmless(text: unknown): text is string {
  return typeof text === 'string' && HARMLESS.test(text)
}

/** Reads `{"error":{"code","details":[{"path"}]}}`, eMarketeer's error body; anything else describes nothing. */
export function describeErrorBody(answer: TextAnswer): ErrorDescription {
  const body = jsonOrUndefined(answer.body, SMALL_ANSWER.elements)
  const error = (body as { error?: unknown } | null | undefined)?.error
  if (typeof error !== 'object' || error === null) {
    return { upstreamCode: null }
  }
  const { code, details } = error as { code?: unknown; details?: unknown }
  const paths = (Array.isArray(details) ? details : [])
    .map((detail: unknown) => (detail as { path?: unknown } | null)?.path)
    .filter(isHarmless)
  return { upstreamCode: isHarmless(code) ? code : null, paths: paths.slice(0, MAX_PATHS) }
}
