import { chunksOf } from '../../../domain/lists.js'
import type { CallContext } from '../../../http/index.js'
import type { CrmWriteOutcome } from '../../crm.js'
import { API_ROOT, type DataverseClient } from '../client.js'
import type { RowToCreate } from './row-to-create.js'
import { sendParts } from './send-parts.js'

/** Writes of one `$batch`: few, so that a lost answer leaves few in doubt. */
export const MAX_WRITE_PARTS = 200

/** Creates rows one by one, create only: a row that already exists is a conflict; it is read and not overwritten. */
export async function createEach(
  client: DataverseClient,
  primaryId: string,
  rows: readonly RowToCreate[],
  context: CallContext,
): Promise<{ outcomes: readonly CrmWriteOutcome[]; stop: Error | null }> {
  const outcomes: CrmWriteOutcome[] = []
  let stop: Error | null = null
  for (const chunk of chunksOf(rows, MAX_WRITE_PARTS)) {
    if (stop !== null) {
      const error: Error = stop
      outcomes.push(...chunk.map(() => ({ status: 'notSent', error }) as const))
      continue
    }
    const parts = chunk.map((row) => ({
      primaryId,
      request: {
        method: 'PATCH' as const,
        path: `${API_ROOT}${row.keyPath}?$select=${primaryId},em_subscribed`,
        headers: { 'If-None-Match': '*', Prefer: 'return=representation' },
        body: row.body,
      },
    }))
    const sent = await sendParts(client, parts, context)
    outcomes.push(...sent.outcomes)
    stop = sent.stop
  }
  return { outcomes, stop }
}
