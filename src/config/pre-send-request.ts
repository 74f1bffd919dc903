import { describeShape } from '../contracts/describe-shape.js'
import { problemOf } from '../contracts/judge.js'
import { preSendRequest } from '../contracts/pre-send-request.js'
import type { PreSendRequest } from '../contracts/pre-send.js'
import { throwProblems } from '../contracts/problems.js'
import { describeOpenly } from './connection/zod-problems.js'

/**
 * Checks a pre-send request (G1) before it is sent, by the schema that the workflow judges its input by. Defaults are not
 * filled in.
 *
 * @param now the deadline must lie after it.
 * @throws ProblemsError with any of `unknown_key`, `value_missing`, `value_invalid`, `deadline_past`,
 *   `too_many_contact_ids`, `audience_incomplete`. Not retryable.
 */
export function parsePreSendRequest(
  given: unknown,
  { now }: { readonly now: Date },
): PreSendRequest {
  const faults = preSendRequest(now.getTime()).faultsOf(given, [])
  throwProblems(faults.map((fault) => problemOf(fault, showValue)))
  // As it would be had it come as JSON: what is undefined is absent.
  const kept = Object.entries(given as PreSendRequest).filter(([, value]) => value !== undefined)
  return Object.fromEntries(kept) as unknown as PreSendRequest
}

/** A contact id that is none may be an address: it is not shown. */
function showValue(value: unknown, path: string): string | null {
  return path.startsWith('contactIds') ? describeShape(value) : describeOpenly(value)
}
