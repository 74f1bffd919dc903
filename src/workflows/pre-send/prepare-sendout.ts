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

/** Contacts per child if everybody may have something to sync, and the most children. */
const MEMBERS_PER_SHARD = 25_000
const MAX_SHARDS = 16
/** Contacts per child if it is known how few have something to sync, and how many of these. */
const MOST_MEMBERS_PER_SHARD = 1_000_000
const OPEN_PER_SHARD = 5_000

/**
 * Fixes the audience, proves that both sides are fresh, and force-syncs in shards everybody who may have something to sync.
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
  const { proof, open } = await work().proveFreshness({ ...reference, runId: sendoutRunId })
  progress({ proof })
  const problems = await Promise.all(
    shardsOf(targeted, open ?? null).map(async (range, shard) => {
      const { addresses, problems: ofShard = [] } = await syncShard(input, proof, range, shard)
      progress({
        synced: prepared.synced + (ofShard.length > 0 ? addresses : range.to - range.from),
      })
      return ofShard
    }),
  )
  // Without a pass nothing is staged.
  if (open !== 0) {
    await work().settleRun({ connectionId, runId: sendoutRunId, tier: 'preSend' })
  }
  return problems.flat()
}

function syncShard(
  { sendoutRunId, connectionId, crm, request, deadlineMs }: PrepareInput,
  proof: FreshnessProof,
  range: Shard,
  shard: number,
): Promise<ForceSyncResult> {
  return executeChild(forceSync, {
    workflowId: workflowIds.forceSync(workflowInfo().workflowId, shard),
    args: [{ sendoutRunId, connectionId, runId: sendoutRunId, crm, proof, ...range, deadlineMs }],
    parentClosePolicy: ParentClosePolicy.TERMINATE,
    priority: sendoutPriority(connectionId),
    typedSearchAttributes: searchAttributes({
      connectionId,
      crm,
      phase: 'running',
      tier: 'preSend',
    }),
    staticSummary: `Contacts ${range.from} to ${range.to - 1} of sendout ${request.sendoutId}`,
  })
}

/** Positions of one child, and about how many of them may have something to sync; absent: all may. */
interface Shard {
  readonly from: number
  readonly to: number
  readonly open?: number
}

/**
 * Ranges of positions, one per child: by how many may have something to sync. If nobody has, one child remains (G2).
 * @param open how many may have; null: all may.
 */
export function shardsOf(targeted: number, open: number | null): Shard[] {
  const wanted =
    open === null
      ? Math.ceil(targeted / MEMBERS_PER_SHARD)
      : Math.max(
          Math.ceil(targeted / MOST_MEMBERS_PER_SHARD),
          Math.ceil(Math.min(open, targeted) / OPEN_PER_SHARD),
        )
  const shards = Math.min(MAX_SHARDS, wanted)
  const size = Math.ceil(targeted / Math.max(1, shards))
  return Array.from({ length: shards }, (_, shard) => ({
    from: shard * size,
    to: Math.min(targeted, (shard + 1) * size),
    ...(open === null ? {} : { open: Math.ceil(open / shards) }),
  }))
}
