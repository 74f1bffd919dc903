import { executeChild, ParentClosePolicy, workflowInfo } from '@temporalio/workflow'
import { workflowIds } from '../../contracts/names.js'
import type { PreSendRequest } from '../../contracts/pre-send.js'
import { searchAttributes } from '../../contracts/search-attributes.js'
import type { FreshnessProof } from '../../contracts/sync-activities.js'
import { sendoutPreparing, sendoutPriority } from '../activity-proxies.js'
import { forceSync, type ForceSyncResult } from './force-sync.js'
import type { Prepared } from './state.js'

export interface PrepareInput {
  readonly request: PreSendRequest
  readonly sendoutRunId: string
  readonly connectionId: string
  readonly crm: string
  /** Unix ms; no try continues after it. */
  readonly deadlineMs: number
}

/** Contacts per child, and the most children. */
const MEMBERS_PER_SHARD = 25_000
const MAX_SHARDS = 16

/**
 * Fixes the audience, proves that both sides are fresh, and force-syncs everybody in shards.
 * @returns the codes of the problems that kept some contacts from being synced by the deadline.
 */
export async function prepareSendout(
  input: PrepareInput,
  onProgress: (prepared: Prepared) => void,
): Promise<readonly string[]> {
  const { sendoutRunId, connectionId, request, deadlineMs } = input
  const reference = { sendoutRunId, connectionId }
  const priority = sendoutPriority(connectionId)
  const work = () => sendoutPreparing(deadlineMs - Date.now(), priority)
  const { targeted } = await work().fixAudience({ ...reference, request })
  let prepared: Prepared = { targeted, synced: 0, proof: null }
  const progress = (change: Partial<Prepared>) => {
    prepared = { ...prepared, ...change }
    onProgress(prepared)
  }
  progress({})
  const { proof } = await work().proveFreshness({ ...reference, runId: sendoutRunId })
  progress({ proof })
  const problems = await Promise.all(
    shardsOf(targeted).map(async ({ from, to }, shard) => {
      const { addresses, problems: ofShard = [] } = await syncShard(input, proof, from, to, shard)
      progress({ synced: prepared.synced + (ofShard.length > 0 ? addresses : to - from) })
      return ofShard
    }),
  )
  await work().settleRun({ connectionId, runId: sendoutRunId, tier: 'preSend' })
  return problems.flat()
}

function syncShard(
  { sendoutRunId, connectionId, crm, request, deadlineMs }: PrepareInput,
  proof: FreshnessProof,
  from: number,
  to: number,
  shard: number,
): Promise<ForceSyncResult> {
  return executeChild(forceSync, {
    workflowId: workflowIds.forceSync(workflowInfo().workflowId, shard),
    args: [{ sendoutRunId, connectionId, runId: sendoutRunId, crm, proof, from, to, deadlineMs }],
    parentClosePolicy: ParentClosePolicy.TERMINATE,
    priority: sendoutPriority(connectionId),
    typedSearchAttributes: searchAttributes({
      connectionId,
      crm,
      phase: 'running',
      tier: 'preSend',
    }),
    staticSummary: `Contacts ${from} to ${to - 1} of sendout ${request.sendoutId}`,
  })
}

/** Ranges of positions, one per child. */
export function shardsOf(targeted: number): { readonly from: number; readonly to: number }[] {
  const shards = Math.min(MAX_SHARDS, Math.ceil(targeted / MEMBERS_PER_SHARD))
  const size = Math.ceil(targeted / Math.max(1, shards))
  return Array.from({ length: shards }, (_, shard) => ({
    from: shard * size,
    to: Math.min(targeted, (shard + 1) * size),
  }))
}
