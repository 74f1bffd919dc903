import { CancellationScope, isCancellation } from '@temporalio/workflow'
import type { StepOutcome } from '../../contracts/setup-activities.js'
import type { RunReference } from '../../contracts/sync-activities.js'
import { setupCalls, stepWork } from '../activity-proxies.js'
import { drainAll } from '../drain-all.js'
import { notices } from '../housekeeping.js'
import { isSkippable } from '../steps/board.js'
import { pauseFor, problemOf } from '../steps/pause.js'
import { untilReleased } from '../steps/runner.js'
import { syncUntilQuiet } from '../sync-until-quiet.js'
import type { SetupState } from './state.js'

const DONE: StepOutcome = { state: 'done', note: null }

/** One try of a step. An external failure becomes a pause. @returns null: Support's abort cut it off. */
export async function attemptStep(state: SetupState, step: string): Promise<StepOutcome | null> {
  const scope = new CancellationScope()
  state.cutOff = () => scope.cancel()
  try {
    return await scope.run(() => runStep(state, step))
  } catch (error) {
    if (isCancellation(error) && state.isAborted) {
      return null
    }
    const problem = problemOf(error, 'The step did not answer in time.')
    return { state: 'paused', pause: pauseFor(problem, isSkippable(state.board, step)) }
  } finally {
    state.cutOff = null
  }
}

/**
 * Runs one step. The last two are the same for every CRM and run the sync itself. The others are the CRM's data, and
 * one activity runs them.
 */
function runStep(state: SetupState, stepId: string): Promise<StepOutcome> {
  const { connectionId, runId, choice } = state
  const run: RunReference = { connectionId, runId, tier: 'setup' }
  switch (stepId) {
    case 'firstSync':
      return firstSync(run, state)
    case 'sweep':
      return startSweep(run)
    default:
      return stepWork.runSetupStep({ connectionId, stepId, choice })
  }
}

/**
 * The first sync over everybody, with progress. After a kill or a pause it continues with the addresses that are still
 * due.
 */
async function firstSync(run: RunReference, state: SetupState): Promise<StepOutcome> {
  await stepWork.catchUpBoth(run)
  const total = await setupCalls.countDue({ connectionId: run.connectionId })
  const totals = await syncUntilQuiet(
    run,
    'copy',
    ({ addresses }) => state.toShare(total === 0 ? 1 : addresses / total),
    {
      work: stepWork,
      pausePoint: () => untilReleased(state),
      isOver: () => state.isAborted,
    },
  )
  const held = totals.held === 0 ? '' : `; ${totals.held} wait for approval (lbsync held)`
  const noticed = (await notices(run.connectionId)).map((sentence) => ` ${sentence}`).join('')
  return { state: 'done', note: `${totals.addresses} contacts processed${held}.${noticed}` }
}

async function startSweep(run: RunReference): Promise<StepOutcome> {
  const { connectionId } = run
  await setupCalls.activateConnection({ connectionId })
  await drainAll(run)
  await setupCalls.startSweep({ connectionId })
  return DONE
}
