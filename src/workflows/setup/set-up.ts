import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow'
import type { SetupStart } from '../../contracts/inputs.js'
import type { SetupOverride, SetupPause } from '../../contracts/setup.js'
import type { StepOutcome } from '../../contracts/setup-activities.js'
import { brief } from '../activity-proxies.js'
import { mark } from '../phase.js'
import { choiceAfter, stillStands } from '../steps/carry-choice.js'
import { keepOverride } from './keep-decision.js'
import { pauseForFailure } from '../steps/pause-for-failure.js'
import { recheckAfterMs } from './recheck.js'
import { runStep } from './run-step.js'
import type { SetupState } from './state.js'
import { begun, ended, newBoard, nextStep, paused, stepOf, worked } from '../steps/board.js'

/**
 * Takes the steps in order, pauses where a person has to decide, and never fails for good (rules E1–E3). The steps
 * themselves are data of the CRM's folder; nothing here knows a CRM.
 */
export async function setUp(state: SetupState): Promise<void> {
  const { connectionId } = state
  if (state.board.length === 0) {
    const plan = await brief.planSetup({ connectionId })
    state.crm = plan.crm
    state.toBoard(newBoard(plan.steps))
  }
  mark({ connectionId, crm: state.crm, phase: state.phase, tier: 'setup' })
  for (let step = nextStep(state.board); step !== null; step = nextStep(state.board)) {
    await takeStep(state, step.id)
    if (isOver(state)) {
      return
    }
  }
  state.end('done')
}

/** Read through a function: a message may have changed it while something was awaited. */
function isOver(state: SetupState): boolean {
  return state.result !== null
}

/** Tries a step until it has ended, with whatever Support decides in between. */
async function takeStep(state: SetupState, step: string): Promise<void> {
  // What an earlier run of the workflow was waiting for, is waited for.
  let pause = stepOf(state.board, step)?.pause ?? (await attempt(state, step))
  while (pause !== null && !isOver(state)) {
    const decision = await decisionOn(state, pause)
    if (decision === null) {
      state.rechecks += 1
      pause = await attempt(state, step)
      continue
    }
    state.decision = null
    state.deciding = true
    await keepOverride(state.connectionId, decision)
    state.rechecks = 0
    if (endsBy(state, decision)) {
      pause = null
    } else {
      state.choice = choiceAfter(state.choice, decision)
      pause = await attempt(state, step)
    }
    state.deciding = false
  }
  state.rechecks = 0
  state.choice = null
  await takeUpLate(state)
}

/** One try, once Support does not hold it back. @returns what it waits for, or null: it has ended. */
async function attempt(state: SetupState, step: string): Promise<SetupPause | null> {
  await untilReleased(state)
  if (!isAborted(state)) {
    const startedMs = Date.now()
    state.toBoard(begun(state.board, step, startedMs))
    const outcome = await outcomeOf(state, step)
    state.toBoard(worked(state.board, step, Date.now() - startedMs))
    if (outcome?.state === 'paused') {
      state.choice = stillStands(state.choice, outcome.pause)
      state.toBoard(paused(state.board, step, outcome.pause))
    } else if (outcome !== null) {
      state.toBoard(ended(state.board, step, outcome.state, outcome.note, Date.now()))
    }
  }
  if (isAborted(state)) {
    await takeUpLate(state)
    return null
  }
  return stepOf(state.board, step)?.pause ?? null
}

/** What a try came to; null: it was cut off, since Support has aborted meanwhile. */
async function outcomeOf(state: SetupState, step: string): Promise<StepOutcome | null> {
  const { connectionId, runId, choice } = state
  const scope = new CancellationScope()
  state.cutOff = () => scope.cancel()
  try {
    return await scope.run(() =>
      runStep({ connectionId, runId, tier: 'setup' }, step, choice, {
        onShare: (share) => state.toShare(share),
        pausePoint: () => untilReleased(state),
        isOver: () => isAborted(state),
      }),
    )
  } catch (error) {
    if (isCancellation(error) && isAborted(state)) {
      return null
    }
    const pause = pauseForFailure(step, error)
    if (pause === null) {
      throw error
    }
    return { state: 'paused', pause }
  } finally {
    state.cutOff = null
  }
}

/** Waits for Support, or for the time to look again (null), which does not come while it is held back. */
async function decisionOn(state: SetupState, pause: SetupPause): Promise<SetupOverride | null> {
  const decided = () => state.decision !== null || workflowInfo().continueAsNewSuggested
  const waitMs = recheckAfterMs(pause.code, state.rechecks)
  await (waitMs === null ? condition(decided) : condition(decided, waitMs))
  await condition(() => state.heldBy === null || decided())
  if (state.decision === null && workflowInfo().continueAsNewSuggested) {
    // What a message has begun to keep as evidence is kept by this run.
    await condition(allHandlersFinished)
    if (state.decision === null) {
      const { connectionId } = state
      await continueAsNew<(input: SetupStart) => Promise<unknown>>({
        connectionId,
        carried: state.carry(),
      })
    }
  }
  return state.decision
}

/** Whether a decision ends the step (skip) or set-up (abort). */
function endsBy(state: SetupState, { step, action, reason, by }: SetupOverride): boolean {
  if (action === 'abort') {
    state.toBoard(ended(state.board, step, 'failed', `Aborted by ${by}: ${reason}`, Date.now()))
    state.end('aborted')
    return true
  }
  if (action === 'skip') {
    const note = `Skipped by ${by}: ${reason}`
    state.toBoard(ended(state.board, step, 'skipped', note, Date.now()))
    return true
  }
  return false
}

/** While Support holds set-up back nothing new is begun; it can be aborted then. */
async function untilReleased(state: SetupState): Promise<void> {
  while (state.heldBy !== null && !isAborted(state)) {
    state.rest(true)
    await condition(() => state.heldBy === null || isAborted(state))
    state.rest(false)
  }
}

/** Support has aborted: it is done, or to be carried out. */
function isAborted(state: SetupState): boolean {
  return isOver(state) || state.decision?.action === 'abort'
}

/**
 * Accepted while a step was tried. An abort is carried out whatever became of that try; anything else is not needed any
 * more, as the step has ended.
 */
async function takeUpLate(state: SetupState): Promise<void> {
  const { decision } = state
  if (decision === null || isOver(state)) {
    return
  }
  state.decision = null
  const next = nextStep(state.board)
  if (decision.action !== 'abort' || next === null) {
    state.say(`override of ${decision.step} was not needed any more`)
    return
  }
  await keepOverride(state.connectionId, decision)
  endsBy(state, { ...decision, step: next.id })
}
