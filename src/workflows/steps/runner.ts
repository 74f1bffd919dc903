import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow'
import type { SetupOverride, SetupPause, StepChoice } from '../../contracts/setup.js'
import type { StepOutcome } from '../../contracts/setup-activities.js'
import { effectOf } from '../../domain/transitions.js'
import { actionsOf, meaningOf } from './before.js'
import { begun, ended, nextStep, paused, stepOf, worked } from './board.js'
import type { StepsState } from './state.js'

/** The differences between workflows of steps. */
export interface StepsWork {
  /**
   * One try of a step, with Support's choice for it.
   * @returns null: Support's abort cut it off.
   * @throws failures that end the workflow.
   */
  attempt(step: string): Promise<StepOutcome | null>
  /** Stores a decision as evidence before it is carried out. */
  keep(decision: SetupOverride): Promise<void>
  /** Milliseconds until a waiting step is retried without a person; null: only when a person decides so. */
  recheckAfterMs(pause: SetupPause, rechecks: number): number | null
  /** The input of the next run, which follows when the history has grown long during a wait. */
  nextInput(): object
}

/** Runs the steps in order, and pauses when a person has to decide. Ends with the state's result. */
export async function takeSteps(state: StepsState, work: StepsWork): Promise<void> {
  for (let step = nextStep(state.board); step !== null; step = nextStep(state.board)) {
    await takeStep(state, work, step.id)
    if (state.isOver) {
      return
    }
  }
  state.end('done')
}

/** Tries a step until it has ended, following Support's decisions. */
async function takeStep(state: StepsState, work: StepsWork, step: string): Promise<void> {
  // A pause of an earlier run continues.
  let pause = stepOf(state.board, step)?.pause ?? (await attempt(state, work, step))
  while (pause !== null && !state.isOver) {
    const decision = await decisionOn(state, work, pause)
    if (decision === null) {
      state.rechecks += 1
      pause = await attempt(state, work, step)
      continue
    }
    state.decision = null
    state.deciding = true
    await work.keep(decision)
    state.rechecks = 0
    if (endsBy(state, decision)) {
      pause = null
    } else {
      state.choice = choiceAfter(state.choice, decision, pause)
      pause = await attempt(state, work, step)
    }
    state.deciding = false
  }
  state.rechecks = 0
  state.choice = null
  await applyLateDecision(state, work)
}

/** One try, after Support has released set-up. @returns the reason to wait, or null: the step has ended. */
async function attempt(
  state: StepsState,
  work: StepsWork,
  step: string,
): Promise<SetupPause | null> {
  await untilReleased(state)
  if (!state.isAborted) {
    const startedMs = Date.now()
    state.trying = true
    state.toBoard(begun(state.board, step, startedMs))
    const outcome = await work.attempt(step)
    state.trying = false
    const board = worked(state.board, step, Date.now() - startedMs)
    if (outcome?.state === 'paused') {
      state.choice = stillStands(state.choice, outcome.pause)
      state.toBoard(paused(board, step, outcome.pause))
    } else if (outcome === null) {
      state.toBoard(board)
    } else {
      state.toBoard(ended(board, step, outcome.state, outcome.note, Date.now()))
    }
  }
  if (state.isAborted) {
    await applyLateDecision(state, work)
    return null
  }
  return stepOf(state.board, step)?.pause ?? null
}

/** Waits for Support's decision, or for the time to retry (null). It does not retry while Support holds set-up. */
async function decisionOn(
  state: StepsState,
  work: StepsWork,
  pause: SetupPause,
): Promise<SetupOverride | null> {
  const woken = () => state.decision !== null || workflowInfo().continueAsNewSuggested
  const waitMs = work.recheckAfterMs(pause, state.rechecks)
  await (waitMs === null ? condition(woken) : condition(woken, waitMs))
  await condition(() => state.heldBy === null || woken())
  if (state.decision === null && workflowInfo().continueAsNewSuggested) {
    // This run finishes storing the evidence of its own messages.
    await condition(allHandlersFinished)
    if (state.decision === null) {
      await continueAsNew(work.nextInput())
    }
  }
  return state.decision
}

/** Whether a decision ends the step (skip) or the workflow (abort). */
function endsBy(state: StepsState, { step, action, reason, by }: SetupOverride): boolean {
  const becomes = effectOf(action)
  if (becomes === 'tried again') {
    return false
  }
  const done = becomes === 'skipped' ? 'Skipped' : 'Aborted'
  state.toBoard(ended(state.board, step, becomes, `${done} by ${by}: ${reason}`, Date.now()))
  if (becomes === 'failed') {
    state.end('aborted')
  }
  return true
}

/** Waits while Support holds set-up, so that nothing new starts. An abort is possible during the wait. */
export async function untilReleased(state: StepsState): Promise<void> {
  while (state.heldBy !== null && !state.isAborted) {
    state.rest(true)
    await condition(() => state.heldBy === null || state.isAborted)
    state.rest(false)
  }
}

/**
 * Handles a decision that was accepted while a step was tried. An abort is carried out whatever the result of the try.
 * Any other decision is dropped, because the step has ended.
 */
async function applyLateDecision(state: StepsState, work: StepsWork): Promise<void> {
  const { decision } = state
  if (decision === null || state.isOver) {
    return
  }
  state.decision = null
  const next = nextStep(state.board)
  if (decision.action !== 'abort' || next === null) {
    state.say(`override of ${decision.step} was not needed any more`)
    return
  }
  await work.keep(decision)
  endsBy(state, { ...decision, step: next.id })
}

/**
 * A step's choice after a decision: the new choice, with the values of earlier ones for the same step that still apply
 * (a form, then a tab on it). A retry repeats the earlier choice. Pure.
 * @param pause the pause that the decision answers.
 */
export function choiceAfter(
  earlier: StepChoice | null,
  decision: SetupOverride,
  pause: SetupPause,
): StepChoice {
  const { action } = decision
  const named = namedIn(decision)
  if (action === 'retry') {
    return { action, ...earlier, ...named }
  }
  return { ...namedIn(earlier, actionsOf(pause)[action]?.forgets), ...named, action }
}

/**
 * The part of a choice that applies after its try. A view that does not fit is dropped, because a retry creates our own
 * again; everything else may be fixed and tried again. Pure.
 */
export function stillStands(choice: StepChoice | null, pause: SetupPause): StepChoice | null {
  const { forgets } = meaningOf(pause)
  if (choice === null || forgets === undefined) {
    return choice
  }
  const named = namedIn(choice, forgets)
  const action = actionsOf(pause)[choice.action]?.needs === forgets ? 'retry' : choice.action
  return Object.keys(named).length === 0 ? null : { action, ...named }
}

/** Keys of a message that are not values for the step. */
const NO_VALUES: ReadonlySet<string> = new Set(['step', 'action', 'reason', 'by'])

/** The values that a choice names. @param but a field to leave out. */
function namedIn(choice: StepChoice | null, but?: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(choice ?? {}).flatMap(([field, value]) =>
      value === undefined || field === but || NO_VALUES.has(field) ? [] : [[field, value]],
    ),
  )
}
