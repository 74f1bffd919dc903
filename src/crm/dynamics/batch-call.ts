import { randomUUID } from 'node:crypto'
import { BULK_ANSWER, type CallContext } from '../../http/index.js'
import type { DataverseClient } from './client.js'
import { type BatchAnswer, decodeBatch } from './wire/batch-decode.js'
import { type BatchRequest, encodeBatch } from './wire/batch-encode.js'
import { lostAnswer, partError } from './wire/errors.js'

/**
 * A `$batch` that stops at a failing part may have that part's status, so a multipart body is read with any status.
 * Except 401: it is returned before anything is executed, and the client tries again.
 */
const STATUSES_WITH_PARTS = Array.from({ length: 200 }, (_, at) => 400 + at).filter(
  (status) => status !== 401,
)

/** The purpose of a `$batch`, for errors and counts. */
export interface BatchPurpose {
  readonly operation: string
  readonly name: string
  readonly effect: 'read' | 'write'
}

/** A `$batch` answer and the server's clock when it was sent (Unix ms; null: unknown). */
export interface BatchResult extends BatchAnswer {
  readonly dateHeader: string | null
}

/**
 * Sends up to 1,000 requests as one, each its own transaction; a failure does not stop the rest
 * (docs/wire-dataverse.md, 6.4).
 * @throws UpstreamError if the complete request failed, or the answer is not multipart (writes may then have been
 * carried out: `mayHaveBeenApplied`).
 */
export async function sendBatch(
  client: DataverseClient,
  requests: readonly BatchRequest[],
  purpose: BatchPurpose,
  context: CallContext,
): Promise<BatchResult> {
  const boundary = `batch_${randomUUID()}`
  const answer = await client.text(
    {
      ...purpose,
      method: 'POST',
      path: '$batch',
      headers: {
        'content-type': `multipart/mixed; boundary="${boundary}"`,
        prefer: 'odata.continue-on-error',
      },
      body: encodeBatch(requests, boundary).toString('utf8'),
      acceptStatuses: STATUSES_WITH_PARTS,
      limits: BULK_ANSWER,
    },
    context,
  )
  const body = Buffer.from(answer.body, 'utf8')
  const decoded = decodeBatch(answer.headers['content-type'], body)
  if (decoded !== null) {
    return { ...decoded, dateHeader: answer.headers['date'] ?? null }
  }
  if (answer.status >= 300) {
    throw partError(
      { status: answer.status, headers: answer.headers, body, contentId: null },
      purpose.operation,
      purpose.effect,
    )
  }
  throw lostAnswer(purpose.operation, purpose.effect, 'the answer is no multipart')
}
