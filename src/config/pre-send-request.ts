import { AppError } from '../contracts/app-error.js'
import type { PreSendRequest } from '../contracts/pre-send.js'
import { describeOpenly, describeShape } from './describe-value.js'
import {
  problemsOfAudience,
  problemsOfNumber,
  problemsOfRepeats,
  problemsOfTimes,
  problemsOfWho,
} from './pre-send-rules.js'
import { preSendSchema } from './pre-send-schema.js'
import { throwProblems } from './problems.js'
import { isRecord, type JsonRecord, withoutPath } from './record-paths.js'
import { problemsOfZod } from './zod-problems.js'

/**
 * Checks a pre-send request (G1), from a file, the gateway or a workflow's input. Defaults are not filled in.
 *
 * @param now the deadline must lie after it.
 * @throws ProblemsError with any of `unknown_key`, `value_missing`, `value_invalid`, `deadline_past`,
 *   `too_many_contact_ids`, `audience_incomplete`. Not retryable.
 */
export function parsePreSendRequest(
  given: unknown,
  { now }: { readonly now: Date },
): PreSendRequest {
  if (!isRecord(given)) {
    throw new AppError('value_invalid', 'A pre-send request is one JSON object.', {
      value: describeShape(given),
    })
  }
  const input = withoutUndefined(given)
  const tooMany = problemsOfNumber(input)
  // A list that is too long is not looked into: its faults would be as many.
  const checked = tooMany.length > 0 ? withoutPath(input, 'contactIds') : input
  const parsed = preSendSchema.safeParse(checked)
  const problems = [
    ...tooMany,
    ...(parsed.success ? [] : problemsOfZod(parsed.error, checked, showValue)),
    ...problemsOfWho(input),
    ...problemsOfAudience(input),
    ...problemsOfRepeats(checked),
    ...problemsOfTimes(input, now),
  ]
  throwProblems(problems)
  if (!parsed.success) {
    throw new AppError('internal', 'A pre-send request has no problem and yet was not read.')
  }
  return parsed.data
}

/** A contact id that is none may be an address: it is not shown. */
function showValue(path: string, value: unknown): string | null {
  return path.startsWith('contactIds') ? describeShape(value) : describeOpenly(value)
}

/** As it would be had it come as JSON: what is undefined is absent. */
function withoutUndefined(request: JsonRecord): JsonRecord {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined))
}
