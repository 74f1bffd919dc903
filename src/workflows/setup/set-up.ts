import { condition, continueAsNew, workflowInfo } from '@temporalio/workflow'
import type { SetupInput, SetupOverride, SetupPause, StepChoice } from '../../contracts/setup.js'
import type { StepOutcome } from '../../contracts/setup-activities.js'
import { brief } from '../activity-proxies.js'
import { mark } from '../phase.js'
import { keepOverride } from './keep-decision.js'
import { pauseForFailure } from './pause-for-failure.js'
import { recheckAfterMs } from './recheck.js'
import { runStep } from './run-step.js'
import type { CarriedSetup, SetupState } from './setup-state.js'
import { begun, ended, newBoard, nextStep, paused, stepOf, worked } from './step-board.js'

/** Input of the workflow, with what an earlier run of the same set-up hands over. */
export interface SetupWorkflowInput extends SetupInput {
  readonly carried?: CarriedSetup
}

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
  mark({ connectionId, crm: state.crm, phase: 'running', tier: 'setup' })
  for (let step = nextStep(state.board); step !== null; step = nextStep(state.board)) {
    await untilReleased(state, step.id)
    if (!isOver(state)) {
      await takeStep(state, step.id)
    }
    if (isOver(state)) {
      state.toPhase('failed')
      return
    }
  }
  state.result = 'done'
  state.toPhase('done')
}

/** Read through a function: a message may have changed it while something was awaited. */
function isOver(state: SetupState): boolean {
  return state.result !== null
}

/** Tries a step until it has ended, with whatever Support decides in between. */
async function takeStep(state: SetupState, step: string): Promise<void> {
  // What an earlier run of the workflow was waiting for, is waited for.
  let pause = stepOf(state.board, step)?.pause ?? (await attempt(state, step, null))
  while (pause !== null && !isOver(state)) {
    const decision = await decisionOn(state, pause)
    if (decision === null) {
      state.rechecks += 1
      pause = await attempt(state, step, null)
      continue
    }
    state.decision = null
    state.deciding = true
    await keepOverride(state.connectionId, decision)
    state.rechecks = 0
    pause = endsBy(state, decision) ? null : await attempt(state, step, choiceOf(decision))
    state.deciding = false
  }
  state.rechecks = 0
  dropLateDecision(state)
}

/** One try. @returns what it waits for, or null: it has ended. */
async function attempt(
  state: SetupState,
  step: string,
  choice: StepChoice | null,
): Promise<SetupPause | null> {
  const startedMs = Date.now()
  state.toBoard(begun(state.board, step, startedMs))
  const outcome = await outcomeOf(state, step, choice)
  const board = worked(state.board, step, Date.now() - startedMs)
  if (isOver(state)) {
    return null
  }
  if (outcome.state === 'paused') {
    state.toBoard(paused(board, step, outcome.pause), 'paused')
    return outcome.pause
  }
  state.toBoard(ended(board, step, outcome.state, outcome.note, Date.now()), 'running')
  return null
}

async function outcomeOf(
  state: SetupState,
  step: string,
  choice: StepChoice | null,
): Promise<StepOutcome> {
  const { connectionId, runId } = state
  try {
    return await runStep({ connectionId, runId, tier: 'setup' }, step, choice, {
      onShare: (share) => state.toShare(share),
      pausePoint: () => untilReleased(state, step),
      isOver: () => isOver(state),
    })
  } catch (error) {
    const pause = pauseForFailure(step, error)
    if (pause === null) {
      throw error
    }
    return { state: 'paused', pause }
  }
}

/** Waits for Support, or for the time to look again (null). */
async function decisionOn(state: SetupState, pause: SetupPause): Promise<SetupOverride | null> {
  if (workflowInfo().continueAsNewSuggested && state.decision === null) {
    const { connectionId } = state
    await continueAsNew<(input: SetupWorkflowInput) => Promise<unknown>>({
      connectionId,
      carried: state.carry(),
    })
  }
  const decided = () => state.decision !== null
  const waitMs = recheckAfterMs(pause.code, state.rechecks)
  await (waitMs === null ? condition(decided) : condition(decided, waitMs))
  return state.decision
}

/** Whether a decision ends the step (skip) or set-up (abort). */
function endsBy(state: SetupState, { step, action, reason, by }: SetupOverride): boolean {
  if (action === 'abort') {
    state.result = 'aborted'
    state.toBoard(ended(state.board, step, 'failed', `Aborted by ${by}: ${reason}`, Date.now()))
    return true
  }
  if (action === 'skip') {
    const note = `Skipped by ${by}: ${reason}`
    state.toBoard(ended(state.board, step, 'skipped', note, Date.now()), 'running')
    return true
  }
  return false
}

/** While Support holds set-up back nothing new is begun; it can be aborted then. */
async function untilReleased(state: SetupState, step: string): Promise<void> {
  while (state.heldBy !== null && !isOver(state)) {
    state.toPhase('paused')
    await condition(() => state.heldBy === null || state.decision?.action === 'abort')
    const { decision } = state
    if (decision?.action === 'abort') {
      state.decision = null
      await keepOverride(state.connectionId, decision)
      endsBy(state, { ...decision, step })
      return
    }
    state.toPhase('running')
  }
}

/** Accepted while the step was being looked at again, which then succeeded by itself. */
function dropLateDecision(state: SetupState): void {
  if (state.decision !== null) {
    state.say(`override of ${state.decision.step} was not needed any more`)
    state.decision = null
  }
}

function choiceOf({ action, formId, tab, viewId }: SetupOverride): StepChoice {
  return {
    action,
    ...(formId === undefined ? {} : { formId }),
    ...(tab === undefined ? {} : { tab }),
    ...(viewId === undefined ? {} : { viewId }),
  }
}
