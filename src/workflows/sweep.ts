import { defineQuery, isCancellation, setCurrentDetails, uuid4 } from '@temporalio/workflow'
import { sweepInput, type SweepInput } from '../contracts/inputs.js'
import type { Phase } from '../contracts/names.js'
import type { SweepResult } from '../contracts/sweep.js'
import type { RunReference } from '../contracts/sync-activities.js'
import { housekeeping, sync } from './activity-proxies.js'
import { entry, staysWithItsBuild } from './entry.js'
import { plainText } from './markdown.js'
import { noteSweep } from './housekeeping.js'
import { notices } from './housekeeping.js'
import { mark, reportingFailure } from './phase.js'
import { answer, refuseOtherSignals, reportInDetails } from './receive.js'
import { orRefused, refusalDetails, problemIn } from './failures.js'
import { syncUntilQuiet, drainAll } from './sync-until-quiet.js'
import { addWork, NO_WORK, type WorkReport } from '../contracts/work-report.js'

export interface SweepStatus {
  readonly connectionId: string
  readonly phase: Phase
  readonly totals: WorkReport
  /** Sentences on the data in the CRM that we do not change (C2, D3); empty until the sweep has read it. */
  readonly notices: readonly string[]
}

export const sweepStatusQuery = defineQuery<SweepStatus>('status')

/** The query's description in Temporal's UI. */
export const SWEEP_STATUS = 'How far it is: phase, and counts so far.'

/**
 * One sweep, which finds what webhooks missed (rule E5). Reads the changes on both sides since the last sweep, copies
 * new categories (D3), and runs a pass over every due address. If the CRM refuses us, the sweep ends with the refusal
 * and does not fail.
 */
export function sweepRun(...given: [SweepInput]): Promise<SweepResult> {
  return entry(sweepInput, given, sweepNow)
}
staysWithItsBuild(sweepRun)

async function sweepNow(input: SweepInput): Promise<SweepResult> {
  const { connectionId } = input
  mark({ connectionId, phase: 'running', tier: 'sweep' })
  const run: RunReference = { connectionId, runId: uuid4(), tier: 'sweep' }
  let phase: Phase = 'running'
  let totals = NO_WORK
  let noticed: readonly string[] = []
  let unreadable: readonly string[] = []
  answer(sweepStatusQuery, SWEEP_STATUS, () => ({ connectionId, phase, totals, notices: noticed }))
  refuseOtherSignals(reportInDetails)
  const work = async () => {
    setCurrentDetails('Reading what changed on both sides')
    const read = await sync.catchUpBoth(run)
    totals = addWork(totals, read)
    unreadable = read.unreadable ?? []
    const categories = await sync.syncCategories(run)
    totals = addWork(totals, categories)
    const before = totals
    await syncUntilQuiet(run, 'copy', (soFar) => {
      totals = addWork(before, soFar)
      setCurrentDetails(`Syncing changed contacts: ${soFar.addresses} done`)
    })
    const drained = await drainAll(run)
    totals = addWork(totals, drained)
  }
  try {
    const ended = await reportingFailure(
      (failed) => (phase = failed),
      () => orRefused(work),
    )
    if ('refused' in ended) {
      phase = 'waiting'
      setCurrentDetails(refusalDetails(ended.refused))
      mark({ connectionId, phase })
      await noteSweep({ connectionId, outcome: 'refused', ...ended.refused })
      return { ...totals, notices: noticed, refused: ended.refused }
    }
    const untidy = [...unreadable, ...(await tidyUp(connectionId))]
    noticed = await notices(connectionId)
    phase = 'done'
    setCurrentDetails(detailsOf(totals, [...untidy, ...noticed]))
    mark({ connectionId, phase })
    await noteSweep({ connectionId, outcome: 'done', untidy })
    return { ...totals, notices: noticed, ...(untidy.length === 0 ? {} : { untidy }) }
  } catch (error) {
    // Marks the failure first, because the ledger may be slow.
    mark({ phase: 'failed' })
    const why = isCancellation(error) ? null : problemIn(error)
    await noteSweep({ connectionId, outcome: why === null ? 'cancelled' : 'failed', ...why })
    throw error
  }
}

/**
 * Runs housekeeping; an external system that hangs must not block the sweep. @returns sentences on what could not be
 * done.
 */
async function tidyUp(connectionId: string): Promise<readonly string[]> {
  try {
    return (await housekeeping.tidyUp({ connectionId })).untidy
  } catch (error) {
    if (isCancellation(error)) {
      throw error
    }
    const { code, message } = problemIn(error)
    return [`Housekeeping failed (${code}): ${message}`]
  }
}

function detailsOf(
  { addresses, decisions, writes, held }: WorkReport,
  more: readonly string[],
): string {
  const done =
    `Done: ${addresses} looked at, ${decisions} decided, ` +
    `${writes.emarketeer} written to eMarketeer, ${writes.crm} to the CRM, ${held} held`
  return [done, ...more.map(plainText)].join('\n\n')
}
