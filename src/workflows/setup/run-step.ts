import type { StepChoice } from '../../contracts/setup.js'
import type { StepOutcome } from '../../contracts/setup-activities.js'
import type { RunReference } from '../../contracts/sync-activities.js'
import { brief, setupWork } from '../activity-proxies.js'
import { drainAll } from '../drain-all.js'
import { notices } from '../notices.js'
import { syncUntilQuiet } from '../sync-until-quiet.js'

/** How a step that takes long is watched and held back. */
export interface StepWatch {
  /** Share of the step that is done, 0–1. */
  readonly onShare: (share: number) => void
  /** Waits while Support holds set-up back. */
  readonly pausePoint: () => Promise<void>
  /** Set-up was aborted meanwhile. */
  readonly isOver: () => boolean
}

const DONE: StepOutcome = { state: 'done', note: null }

/**
 * Runs one step. The last two are the same for every CRM and made of the one sync's pieces; the others are the CRM's
 * data, run by one activity.
 */
export async function runStep(
  run: RunReference,
  stepId: string,
  choice: StepChoice | null,
  watch: StepWatch,
): Promise<StepOutcome> {
  switch (stepId) {
    case 'firstSync':
      return firstSync(run, watch)
    case 'sweep':
      return startSweep(run)
    default:
      return setupWork.runSetupStep({ connectionId: run.connectionId, stepId, choice })
  }
}

/** The one sync over everybody, with progress; killed or paused, it goes on with what is still due. */
async function firstSync(run: RunReference, watch: StepWatch): Promise<StepOutcome> {
  await setupWork.catchUpBoth(run)
  const total = await brief.countDue({ connectionId: run.connectionId })
  const totals = await syncUntilQuiet(
    run,
    'copy',
    ({ addresses }) => watch.onShare(total === 0 ? 1 : addresses / total),
    { work: setupWork, pausePoint: watch.pausePoint, isOver: watch.isOver },
  )
  const held = totals.held === 0 ? '' : `; ${totals.held} wait for approval (lbsync held)`
  const told = (await notices(run.connectionId)).map((sentence) => ` ${sentence}`).join('')
  return { state: 'done', note: `${totals.addresses} contacts looked at${held}.${told}` }
}

async function startSweep(run: RunReference): Promise<StepOutcome> {
  const { connectionId } = run
  await brief.activateConnection({ connectionId })
  await drainAll(run)
  await brief.startSweep({ connectionId })
  return DONE
}
