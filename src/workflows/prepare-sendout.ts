import { executeChild, ParentClosePolicy } from '@temporalio/workflow'
import { workflowIds } from '../contracts/names.js'
import type { PreSendRequest } from '../contracts/pre-send.js'
import { searchAttributes } from '../contracts/search-attributes.js'
import type { MembersReference } from '../contracts/sync-activities.js'
import { preSendWork } from './activity-proxies.js'
import { forceSync } from './force-sync.js'
import { addWork, NO_WORK, type WorkTotals } from './work-totals.js'

/** How far preparing is. */
export interface PreparedSendout {
  readonly targeted: number
  readonly synced: number
  readonly proof?: MembersReference['proof']
  readonly work?: WorkTotals
}

/** What is prepared. */
export interface PrepareInput {
  readonly request: PreSendRequest
  readonly sendoutRunId: string
  readonly connectionId: string
  readonly crm: string
}

/** Contacts of one child; never more than this many children. */
const MEMBERS_PER_SHARD = 25_000
const MAX_SHARDS = 16

/** Fixes the audience, proves both sides fresh, and force-syncs everybody in shards. */
export async function prepareSendout(
  input: PrepareInput,
  onProgress: (prepared: PreparedSendout) => void,
): Promise<void> {
  const { sendoutRunId, connectionId, request } = input
  const reference = { sendoutRunId, connectionId }
  const audience = await preSendWork.fixAudience({ ...reference, request })
  let work = addWork(NO_WORK, { requests: audience.requests })
  let prepared: PreparedSendout = { targeted: audience.targeted, synced: 0, work }
  const progress = (change: Partial<PreparedSendout>) => {
    prepared = { ...prepared, ...change }
    onProgress(prepared)
  }
  progress({})
  const { proof, requests } = await preSendWork.proveFreshness({
    ...reference,
    runId: sendoutRunId,
  })
  work = addWork(work, { requests })
  progress({ proof, work })
  await Promise.all(
    shardsOf(audience.targeted).map(async ({ from, to }, shard) => {
      const done = await syncShard(input, proof, from, to, shard)
      work = addWork(work, done)
      progress({ work, synced: prepared.synced + to - from })
    }),
  )
  const settled = await preSendWork.settleRun({
    connectionId,
    runId: sendoutRunId,
    tier: 'preSend',
  })
  work = addWork(work, settled)
  progress({ work })
}

function syncShard(
  { sendoutRunId, connectionId, crm, request }: PrepareInput,
  proof: MembersReference['proof'],
  from: number,
  to: number,
  shard: number,
): Promise<WorkTotals> {
  return executeChild(forceSync, {
    workflowId: workflowIds.forceSync(request.sendoutId, request.stage, shard),
    args: [{ sendoutRunId, connectionId, runId: sendoutRunId, crm, proof, from, to }],
    parentClosePolicy: ParentClosePolicy.TERMINATE,
    typedSearchAttributes: searchAttributes({
      connectionId,
      crm,
      phase: 'running',
      tier: 'preSend',
    }),
    staticSummary: `Contacts ${from} to ${to - 1} of sendout ${request.sendoutId}`,
  })
}

/** Ranges of positions, one a child. */
export function shardsOf(targeted: number): { readonly from: number; readonly to: number }[] {
  const shards = Math.min(MAX_SHARDS, Math.ceil(targeted / MEMBERS_PER_SHARD))
  const size = Math.ceil(targeted / Math.max(1, shards))
  return Array.from({ length: shards }, (_, shard) => ({
    from: shard * size,
    to: Math.min(targeted, (shard + 1) * size),
  }))
}
