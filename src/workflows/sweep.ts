import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import {
  defineQuery,
  executeChild,
  ParentClosePolicy,
  setCurrentDetails,
  sleep,
  uuid4,
} from '@temporalio/workflow'
import { sweepInput, type SweepInput } from '../contracts/inputs.js'
import { workflowIds, type Phase } from '../contracts/names.js'
import type { Refusal } from '../contracts/refusal.js'
import { searchAttributes } from '../contracts/search-attributes.js'
import type { RunReference } from '../contracts/sync-activities.js'
import { housekeeping, sync } from './activity-proxies.js'
import { drainAll } from './drain-all.js'
import { entry } from './entry.js'
import { notices } from './notices.js'
import { mark, orMarkFailed } from './phase.js'
import { answer, refuseOtherSignals, tellInDetails } from './receive.js'
import { orRefused, refusalDetails } from './refusal.js'
import { syncUntilQuiet } from './sync-until-quiet.js'
import { addWork, NO_WORK, type WorkTotals } from './work-totals.js'

/** Answer of the query `status`. */
export interface SweepStatus {
  readonly connectionId: string
  readonly phase: Phase
  readonly totals: WorkTotals
  /** What lies in the CRM and is left alone, in sentences (C2, D3); empty until the sweep has looked. */
  readonly notices: readonly string[]
}

/** What a sweep came to. */
export interface SweepResult extends WorkTotals {
  /** The CRM refuses us: what was due stays so. Absent: everything was read. */
  readonly refused?: Refusal
  /** See {@link SweepStatus}. */
  readonly notices: readonly string[]
}

const NOTHING_SWEPT: SweepResult = { ...NO_WORK, notices: [] }

export const sweepStatusQuery = defineQuery<SweepStatus>('status')

const STATUS = 'How far it is: phase, and counts so far.'

/** A CRM that refuses us is tried no oftener than this: a little more than the gate of its connection holds. */
const TRY_EVERY_MS = 5 * 60_000 + 5_000
/** Then the next run of the cron goes on: one history does not grow for as long as nobody mends it. */
const TRY_FOR_MS = 22 * 60_000

/**
 * The cron workflow, every half hour. It stays thin and awaits {@link sweepRun}: a cron run that continues as new would
 * drop the cron. Where it left off is in the ledger, not here. While the CRM refuses us it waits, so that what a person
 * has mended is found within minutes.
 */
export function backgroundSweep(...given: [SweepInput]): Promise<SweepResult> {
  return entry(sweepInput, given, sweepInTime)
}

async function sweepInTime(input: SweepInput): Promise<SweepResult> {
  const { connectionId } = input
  let phase: Phase = 'running'
  let swept = NOTHING_SWEPT
  answer(sweepStatusQuery, STATUS, () => {
    const { notices: told, ...totals } = swept
    return { connectionId, phase, totals, notices: told }
  })
  refuseOtherSignals(tellInDetails)
  mark({ connectionId, phase: 'running', tier: 'sweep' })
  const tryUntilMs = Date.now() + TRY_FOR_MS
  for (;;) {
    swept = await orMarkFailed(
      connectionId,
      (failed) => (phase = failed),
      () => sweepOnce(input),
    )
    phase = swept.refused ? 'waiting' : 'done'
    mark({ connectionId, phase })
    if (swept.refused === undefined || Date.now() > tryUntilMs) {
      return swept
    }
    setCurrentDetails(refusalDetails(swept.refused))
    await sleep(TRY_EVERY_MS)
  }
}

async function sweepOnce(input: SweepInput): Promise<SweepResult> {
  const { connectionId } = input
  try {
    return await executeChild(sweepRun, {
      workflowId: workflowIds.sweepRun(connectionId),
      args: [input],
      parentClosePolicy: ParentClosePolicy.TERMINATE,
      typedSearchAttributes: searchAttributes({ connectionId, phase: 'running', tier: 'sweep' }),
      staticSummary: `One sweep of ${connectionId}`,
    })
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      setCurrentDetails('A sweep started by hand is under way; the next run sweeps again')
      return NOTHING_SWEPT
    }
    throw error
  }
}

/**
 * One sweep: catches whatever webhooks did not (rule E5). Reads what changed on both sides since the last time, brings
 * new categories over (D3), and passes over everything due. Where the CRM refuses us it ends with that, and has not failed.
 */
export function sweepRun(...given: [SweepInput]): Promise<SweepResult> {
  return entry(sweepInput, given, sweepNow)
}

async function sweepNow(input: SweepInput): Promise<SweepResult> {
  const { connectionId } = input
  const run: RunReference = { connectionId, runId: uuid4(), tier: 'sweep' }
  let phase: Phase = 'running'
  let totals = NO_WORK
  let told: readonly string[] = []
  answer(sweepStatusQuery, STATUS, () => ({ connectionId, phase, totals, notices: told }))
  refuseOtherSignals(tellInDetails)
  const work = async () => {
    setCurrentDetails('Reading what changed on both sides')
    const read = await sync.catchUpBoth(run)
    totals = addWork(totals, read)
    const categories = await sync.syncCategories(run)
    totals = addWork(totals, categories)
    const before = totals
    await syncUntilQuiet(run, 'copy', (soFar) => {
      totals = addWork(before, soFar)
      setCurrentDetails(`Passing over changed contacts: ${soFar.addresses} done`)
    })
    const drained = await drainAll(run)
    totals = addWork(totals, drained)
    await housekeeping.tidyUp({ connectionId })
    told = await notices(connectionId)
  }
  const ended = await orMarkFailed(
    connectionId,
    (failed) => (phase = failed),
    () => orRefused(work),
  )
  if ('refused' in ended) {
    phase = 'waiting'
    setCurrentDetails(refusalDetails(ended.refused))
    mark({ connectionId, phase })
    return { ...totals, notices: told, refused: ended.refused }
  }
  phase = 'done'
  const done =
    `Done: ${totals.addresses} looked at, ${totals.decisions} decided, ` +
    `${totals.writes.emarketeer} written to eMarketeer, ${totals.writes.crm} to the CRM, ${totals.held} held`
  setCurrentDetails([done, ...told].join('\n\n'))
  mark({ connectionId, phase })
  return { ...totals, notices: told }
}
