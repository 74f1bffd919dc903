import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow'
import type { PauseCode, SetupOverride, SetupPause, StepChoice } from '../../contracts/setup.js'
import type { StepOutcome } from '../../contracts/setup-activities.js'
import { DECISIONS } from '../../domain/transitions.js'
import { begun, ended, nextStep, paused, stepOf, worked } from './board.js'
import type { StepsState } from './state.js'

/** What differs between workflows of steps. */
export interface StepsWork {
  /**
   * One try of a step, with what Support has chosen for it.
   * @returns null: it was cut off, since Support has aborted meanwhile.
   * @throws what nobody can wait for.
   */
  attempt(step: string): Promise<StepOutcome | null>
  /** Keeps a decision as evidence, before it is carried out. */
  keep(decision: SetupOverride): Promise<void>
  /** After how long a step that waits is tried again by itself; null: only when a person says so. */
  recheckAfterMs(code: PauseCode, rechecks: number): number | null
  /** Input of the next run, since this one has grown long while it waited. */
  anew(): object
}

/** Takes the steps in order, and pauses where a person has to decide. Ends with the state's result. */
export async function takeSteps(state: StepsState, work: StepsWork): Promise<void> {
  for (let step = nextStep(state.board); step !== null; step = nextStep(state.board)) {
    await takeStep(state, work, step.id)
    if (state.isOver) {
      return
    }
  }
  state.end('done')
}

/** Tries a step until it has ended, with whatever Support decides in between. */
async function takeStep(state: StepsState, work: StepsWork, step: string): Promise<void> {
  // What an earlier run of the workflow was waiting for, is waited for.
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
      state.choice = choiceAfter(state.choice, decision)
      pause = await attempt(state, work, step)
    }
    state.deciding = false
  }
  state.rechecks = 0
  state.choice = null
  await takeUpLate(state, work)
}

/** One try, once Support does not hold it back. @returns what it waits for, or null: it has ended. */
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
    await takeUpLate(state, work)
    return null
  }
  return stepOf(state.board, step)?.pause ?? null
}

/** Waits for Support, or for the time to look again (null), which does not come while it is held back. */
async function decisionOn(
  state: StepsState,
  work: StepsWork,
  pause: SetupPause,
): Promise<SetupOverride | null> {
  const woken = () => state.decision !== null || workflowInfo().continueAsNewSuggested
  const waitMs = work.recheckAfterMs(pause.code, state.rechecks)
  await (waitMs === null ? condition(woken) : condition(woken, waitMs))
  await condition(() => state.heldBy === null || woken())
  if (state.decision === null && workflowInfo().continueAsNewSuggested) {
    // What a message has begun to keep as evidence is kept by this run.
    await condition(allHandlersFinished)
    if (state.decision === null) {
      await continueAsNew(work.anew())
    }
  }
  return state.decision
}

/** Whether a decision ends the step (skip) or the whole (abort). */
function endsBy(state: StepsState, { step, action, reason, by }: SetupOverride): boolean {
  const becomes = DECISIONS[action].step
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

/** While Support holds it back nothing new is begun; it can be aborted then. */
export async function untilReleased(state: StepsState): Promise<void> {
  while (state.heldBy !== null && !state.isAborted) {
    state.rest(true)
    await condition(() => state.heldBy === null || state.isAborted)
    state.rest(false)
  }
}

/**
 * Accepted while a step was tried. An abort is carried out whatever became of that try; anything else is not needed any
 * more, as the step has ended.
 */
async function takeUpLate(state: StepsState, work: StepsWork): Promise<void> {
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
 * What a step is given after a decision: the new choice, with what was chosen for the same step before and still stands
 * (a form that was named, and then a tab on it). Trying again is trying the earlier choice again. Pure.
 */
export function choiceAfter(earlier: StepChoice | null, decision: SetupOverride): StepChoice {
  const named = namedIn(decision)
  switch (decision.action) {
    case 'retry':
      return { action: 'retry', ...earlier, ...named }
    case 'useForm':
      // A tab of another form says nothing.
      return { action: 'useForm', ...namedIn(earlier, ['viewId']), ...named }
    case 'createTab':
      return { action: 'createTab', ...namedIn(earlier, ['formId', 'viewId']), ...named }
    case 'useTab':
    case 'useView':
    case 'publishAll':
    case 'skip':
    case 'abort':
      return { ...namedIn(earlier), ...named, action: decision.action }
  }
}

/**
 * What of a choice stands after the try that it was given to. A view that does not fit is forgotten, as trying again
 * makes our own one anew; everything else may be mended and tried once more. Pure.
 */
export function stillStands(choice: StepChoice | null, pause: SetupPause): StepChoice | null {
  if (choice === null || pause.code !== 'viewUncertain') {
    return choice
  }
  const named = namedIn(choice, ['formId', 'tab'])
  const action = choice.action === 'useView' ? 'retry' : choice.action
  return Object.keys(named).length === 0 ? null : { action, ...named }
}

const NAMES = ['formId', 'tab', 'viewId'] as const

function namedIn(
  choice: StepChoice | null,
  names: readonly (typeof NAMES)[number][] = NAMES,
): Pick<StepChoice, (typeof NAMES)[number]> {
  return Object.fromEntries(
    names.flatMap((name) => (choice?.[name] === undefined ? [] : [[name, choice[name]]])),
  )
}
