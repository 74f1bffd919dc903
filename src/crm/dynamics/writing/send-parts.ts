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
import { lostAnswer, partError, succeeded } from '../wire/errors.js'
import type { BatchPart } from '../wire/batch-decode.js'

/** A part and the primary key of its answer. */
export interface WritePart {
  readonly request: BatchRequest
  readonly primaryId: string
}

/** Outcomes of one `$batch`, and the reason to send nothing more after it (null: continue). */
export interface SentParts {
  readonly outcomes: readonly CrmWriteOutcome[]
  readonly stop: Error | null
}

/**
 * Sends parts and reports an outcome for each, for any answer: a part without one may have been carried out.
 * @throws only errors that are not a failure of the other side.
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

/** The outcome of a call that failed completely: the error knows whether its parts may have been carried out. */
export function lostOutcome(error: unknown): { status: 'unknown' | 'notSent'; error: Error } {
  if (error instanceof UpstreamError) {
    return { status: error.mayHaveBeenApplied ? 'unknown' : 'notSent', error }
  }
  throw error
}

/**
 * The outcome of a part without an answer. The service stopped there only if the text is complete and ends with a
 * refusal; otherwise the answer was lost.
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

/** The outcome of one write, by its part's answer (docs/wire-dataverse.md, 3, 6.4, 14). */
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
      // About the call's limits or rights, not this row: nothing was carried out.
      return { status: 'notSent', error }
    case 'upstream_refused':
      return { status: 'refused', upstreamCode: error.upstreamCode }
    default:
      return { status: 'unknown', error }
  }
}

/** 200 and 201 return the row and its version; 204 does not, and the row proves nothing until it is read. */
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
