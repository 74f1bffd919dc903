import { jsonOrUndefined, SMALL_ANSWER } from '../../../http/index.js'
import type { CrmWriteOutcome } from '../../crm.js'
import type { BatchPart } from '../wire/batch-decode.js'
import { partError, succeeded } from '../wire/part-error.js'

/** For errors and counts of writing. */
export const WRITE_OPERATION = 'POST /$batch (write)'

/** What became of one write, by its part's answer (docs/wire-dataverse.md, 3, 6.4, 14). */
export function partOutcome(part: BatchPart, primaryId: string): CrmWriteOutcome {
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
