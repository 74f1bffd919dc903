import {
  type CallContext,
  UpstreamError,
  jsonOrUndefined,
  SMALL_ANSWER,
} from '../../../http/index.js'
import type { CrmWriteOutcome } from '../../crm.js'
import { sendBatch } from '../batch-call.js'
import type { DataverseClient } from '../client.js'
import type { BatchRequest } from '../wire/batch-encode.js'
import { lostAnswer, partError, succeeded } from '../wire/part-error.js'
import type { BatchPart } from '../wire/batch-decode.js'

/** A part and the primary key that its answer carries. */
export interface WritePart {
  readonly request: BatchRequest
  readonly primaryId: string
}

/** Outcomes of one `$batch`, and why nothing more should be sent after it (null: go on). */
export interface SentParts {
  readonly outcomes: readonly CrmWriteOutcome[]
  readonly stop: Error | null
}

/**
 * Sends parts and accounts for each of them, whatever came back: a part without an answer may have been carried out.
 *
 * @throws only what is no failure of the other side.
 */
export async function sendParts(
  client: DataverseClient,
  parts: readonly WritePart[],
  context: CallContext,
): Promise<SentParts> {
  const purpose = { operation: WRITE_OPERATION, name: 'rows.write', effect: 'write' } as const
  let answer
  try {
    answer = await sendBatch(
      client,
      parts.map((part) => part.request),
      purpose,
      context,
    )
  } catch (error) {
    const outcome = lostOutcome(error)
    return { outcomes: parts.map(() => outcome), stop: outcome.error }
  }
  const outcomes = parts.map((part, index): CrmWriteOutcome => {
    const own = answer.parts[index]
    return own === undefined
      ? missingOutcome(answer.parts.at(-1) ?? null, answer.complete)
      : partOutcome(own, part.primaryId)
  })
  const halted = outcomes.find((outcome) => outcome.status === 'notSent')
  const missing = answer.parts.length < parts.length
  return {
    outcomes,
    stop:
      halted?.error ??
      (missing ? lostAnswer(WRITE_OPERATION, 'write', 'answers are missing') : null),
  }
}

/** A call that failed as a whole: whether its parts may have been carried out, the plumbing tells. */
export function lostOutcome(error: unknown): { status: 'unknown' | 'notSent'; error: Error } {
  if (error instanceof UpstreamError) {
    return { status: error.mayHaveBeenApplied ? 'unknown' : 'notSent', error }
  }
  throw error
}

/**
 * A part that has no answer. Only where the text is whole and ends with a refusal has the service stopped there;
 * otherwise the answer was lost.
 */
function missingOutcome(
  last: Parameters<typeof partError>[0] | null,
  complete: boolean,
): CrmWriteOutcome {
  if (complete && last !== null && !succeeded(last)) {
    const error = partError(last, WRITE_OPERATION, 'write')
    return { status: 'notSent', error }
  }
  return {
    status: 'unknown',
    error: lostAnswer(WRITE_OPERATION, 'write', 'fewer answers than requests'),
  }
}

/** For errors and counts of writing. */
const WRITE_OPERATION = 'POST /$batch (write)'

/** What became of one write, by its part's answer (docs/wire-dataverse.md, 3, 6.4, 14). */
function partOutcome(part: BatchPart, primaryId: string): CrmWriteOutcome {
  if (succeeded(part)) {
    return applied(part, primaryId)
  }
  const error = partError(part, WRITE_OPERATION, 'write')
  switch (error.code) {
    case 'upstream_conflict':
      return { status: 'conflict' }
    case 'upstream_not_found':
      return { status: 'gone' }
    case 'upstream_rate_limited':
    case 'upstream_auth_failed':
    case 'upstream_forbidden':
      // Not about this row: the call's limits or rights. Nothing was carried out.
      return { status: 'notSent', error }
    case 'upstream_refused':
      return { status: 'refused', upstreamCode: error.upstreamCode }
    default:
      return { status: 'unknown', error }
  }
}

/** 200 and 201 answer with the row and its version; 204 does not, and the row must be read to prove anything. */
function applied(part: BatchPart, primaryId: string): CrmWriteOutcome {
  const row = rowOf(part)
  const version = row?.['@odata.etag']
  const rowId = row?.[primaryId]
  return {
    status: 'applied',
    version: typeof version === 'string' ? version : null,
    rowId: typeof rowId === 'string' ? rowId.toLowerCase() : null,
  }
}

function rowOf(part: BatchPart): Record<string, unknown> | null {
  const row = jsonOrUndefined(part.body.toString('utf8'), SMALL_ANSWER.elements)
  return (row ?? null) as Record<string, unknown> | null
}
