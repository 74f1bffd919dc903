import type { z } from 'zod'
import { type Answer, readValue } from './answers.js'
import type { TextAnswer } from './http-types.js'
import { parseJson, type AnswerLimits } from './parse-json.js'

/** The value of a body, or the code and reason (without a value of the body). */
export type JsonReading<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false
      readonly code:
        'upstream_not_json' | 'upstream_unexpected_answer' | 'upstream_answer_too_large'
      readonly reason: string
    }

/** Parses and checks a body. A failure names the first path that does not fit, never its value. */
export function readJson<S extends z.ZodType>(
  given: TextAnswer,
  answer: Answer<S>,
  limits: AnswerLimits,
): JsonReading<z.output<S>> {
  const contentType = given.headers['content-type'] ?? ''
  if (!/[/+]json\b/i.test(contentType)) {
    return { ok: false, code: 'upstream_not_json', reason: 'the answer is not JSON by its type' }
  }
  return readJsonText(given.body, answer, limits.elements)
}

/** As {@link readJson}, for a text of known type: a part of a `$batch`. */
export function readJsonText<S extends z.ZodType>(
  text: string,
  answer: Answer<S>,
  maxElements: number,
): JsonReading<z.output<S>> {
  const parsed = parseJson(text, maxElements)
  if (!parsed.ok) {
    const code = parsed.tooLarge ? 'upstream_answer_too_large' : 'upstream_not_json'
    return { ok: false, code, reason: parsed.reason }
  }
  const reading = readValue(answer, parsed.value)
  if (reading.ok) {
    return reading
  }
  const { path, issue } = reading
  if (issue?.code === 'too_big' && issue.origin === 'array') {
    const reason = `the answer holds more than ${issue.maximum} entries at ${path}`
    return { ok: false, code: 'upstream_answer_too_large', reason }
  }
  return {
    ok: false,
    code: 'upstream_unexpected_answer',
    reason: `the answer does not fit at ${path} (${issue?.code ?? 'unknown'})`,
  }
}
