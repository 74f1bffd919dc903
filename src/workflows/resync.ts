import { defineQuery, setCurrentDetails, uuid4 } from '@temporalio/workflow'
import { resyncInput, type ResyncInput } from '../contracts/inputs.js'
import type { Phase } from '../contracts/names.js'
import type { RunReference } from '../contracts/sync-activities.js'
import { sync } from './activity-proxies.js'
import { entry, staysWithItsBuild } from './entry.js'
import { mark, reportingFailure } from './phase.js'
import { answer, refuseOtherSignals, reportInDetails } from './receive.js'
import { syncUntilQuiet } from './sync-until-quiet.js'
import { addWork, NO_WORK, type WorkReport } from '../contracts/work-report.js'

/** Result of a resync. In a dry run the writes are those that it would make. */
export interface ResyncResult extends WorkReport {
  readonly dryRun: boolean
}

export const resyncStatusQuery = defineQuery<{
  connectionId: string
  phase: Phase
  totals: WorkReport
}>('status')

/** Reads contacts directly on both sides and runs a pass over them, whether or not a change is known. */
export function resync(...given: [ResyncInput]): Promise<ResyncResult> {
  return entry(resyncInput, given, lookAgain)
}
staysWithItsBuild(resync)

async function lookAgain(input: ResyncInput): Promise<ResyncResult> {
  const { connectionId, addressIds = null, dryRun = false } = input
  const run: RunReference = { connectionId, runId: uuid4(), tier: 'manual' }
  let phase: Phase = 'running'
  let totals = NO_WORK
  answer(resyncStatusQuery, 'How far it is: phase, and counts so far.', () => ({
    connectionId,
    phase,
    totals,
  }))
  refuseOtherSignals(reportInDetails)
  mark({ connectionId, phase, tier: 'manual' })
  const onProgress = (soFar: WorkReport) => {
    totals = soFar
    setCurrentDetails(`${soFar.addresses} contacts processed`)
  }
  await reportingFailure(
    (failed) => (phase = failed),
    () => (dryRun ? rehearse(run, addressIds, onProgress) : redo(run, addressIds, onProgress)),
  )
  phase = 'done'
  mark({ connectionId, phase })
  return { ...totals, dryRun }
}

type Progress = (totals: WorkReport) => void

async function rehearse(
  run: RunReference,
  addressIds: readonly number[] | null,
  onProgress: Progress,
): Promise<void> {
  let totals = NO_WORK
  for (let after: number | null = 0; after !== null;) {
    const report: Awaited<ReturnType<typeof sync.rehearse>> = await sync.rehearse({
      ...run,
      addressIds,
      after,
    })
    totals = addWork(totals, report)
    onProgress(totals)
    after = report.next
  }
}

async function redo(
  run: RunReference,
  addressIds: readonly number[] | null,
  onProgress: Progress,
): Promise<void> {
  await sync.markForResync({ ...run, addressIds })
  await syncUntilQuiet(run, 'direct', onProgress)
}
