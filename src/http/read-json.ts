import type { z } from 'zod'
import type { TextAnswer } from './http-types.js'

/** Outcome of reading a body: the value, or which of the two codes and why (without any value of the body). */
export type JsonReading<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false
      readonly code: 'upstream_not_json' | 'upstream_unexpected_answer'
      readonly reason: string
    }

/** The path of a zod issue, e.g. `items[3].email`. */
export function issuePath(path: readonly PropertyKey[]): string {
  const text = path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
  return text.replace(/^\./, '') || '(whole body)'
}

/** Parses and checks a body; names the first path that does not fit, never the value found there. */
export function readJson<S extends z.ZodType>(
  answer: TextAnswer,
  schema: S,
): JsonReading<z.output<S>> {
  const contentType = answer.headers['content-type'] ?? ''
  if (!/[/+]json\b/i.test(contentType)) {
    return { ok: false, code: 'upstream_not_json', reason: 'the answer is not JSON by its type' }
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(answer.body.replace(/^\uFEFF/, ''))
  } catch {
    return { ok: false, code: 'upstream_not_json', reason: 'the answer is not valid JSON' }
  }
  const result = schema.safeParse(parsed)
  if (result.success) {
    return { ok: true, value: result.data }
  }
  const issue = result.error.issues[0]
  const path = issuePath(issue?.path ?? [])
  return {
    ok: false,
    code: 'upstream_unexpected_answer',
    reason: `the answer does not fit at ${path} (${issue?.code ?? 'unknown'})`,
  }
}
