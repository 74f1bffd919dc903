import { condition, continueAsNew, uuid4, workflowInfo } from '@temporalio/workflow'
import { AppError } from '../../contracts/app-error.js'
import { disconnectInput, type DisconnectStart } from '../../contracts/inputs.js'
import type { DisconnectPlan, DisconnectStatus } from '../../contracts/life-activities.js'
import type { SetupOverride, SetupPause } from '../../contracts/setup.js'
import { evidence, life } from '../activity-proxies.js'
import { problemOf } from './messages.js'
import { DisconnectState, type CarriedDisconnect } from './state.js'
import { stepsOf, StepWaits, UnsavedError, type DisconnectStep, type StepEnd } from './steps.js'
import { entry } from '../entry.js'
import { mark, tellingFailure } from '../phase.js'
import { choiceAfter } from '../steps/carry-choice.js'
import { pauseCodeOf } from '../steps/pause-for-failure.js'
import { newBoard, nextStep, stepOf } from '../steps/board.js'

/**
 * A paused step is tried again by itself after this: what was the matter may be mended, or the unsubscribes have reached
 * eMarketeer. Not where the credentials are refused: again and again, that may lock the user out.
 */
const TRY_AGAIN = '1 hour'

/**
 * Disables a connection (rule C8), and with `removeInstalled` also removes what set-up installed in the CRM, after saving
 * what it holds. Last synced state, our copy and the evidence stay. Safe to repeat, and to be cut off anywhere.
 *
 * @throws ApplicationFailure `value_missing`, `value_invalid`, `connection_not_found`, `connection_paused`,
 *   `environment_shared`; not retryable.
 */
export function disconnect(...given: [DisconnectStart]): Promise<DisconnectStatus> {
  return entry(disconnectInput, given, takeApart)
}

async function takeApart(input: DisconnectStart): Promise<DisconnectStatus> {
  const carried = carriedIn(input)
  const state = new DisconnectState(input, carried)
  const { connectionId, removeInstalled } = input
  await tellingFailure(
    () => state.fail(),
    async () => {
      const plan = carried?.plan ?? (await life.planDisconnect({ connectionId, removeInstalled }))
      mark({ connectionId, crm: plan.crm, phase: state.phase, tier: 'manual' })
      const left = () => state.board.some(({ status }) => isLeft(status))
      const steps = stepsOf(input, plan, left)
      if (carried === undefined) {
        state.board = newBoard(steps)
      }
      for (const step of steps.filter(({ id }) => !hasEnded(state, id))) {
        await take(state, step, plan)
        if (state.result !== null) {
          return
        }
      }
      state.finish('done')
    },
  )
  return state.status()
}

/** What one run hands to the next is ours; whoever starts a disconnect cannot make it up. */
function carriedIn({ carried }: DisconnectStart): CarriedDisconnect | undefined {
  if (carried !== undefined && workflowInfo().continuedFromExecutionRunId === undefined) {
    const message = 'carried is what one run of a disconnect hands to the next; leave it out.'
    throw new AppError('value_invalid', message, { path: 'carried' })
  }
  return carried as CarriedDisconnect | undefined
}

function hasEnded(state: DisconnectState, id: string): boolean {
  const step = stepOf(state.board, id)?.state
  return step === 'done' || step === 'skipped'
}

function isLeft({ id, state }: { readonly id: string; readonly state: string }): boolean {
  return state === 'skipped' && (id === 'webhooks' || id.startsWith('remove-'))
}

/** Tries a step until it has ended, with whatever Support decides in between. */
async function take(
  state: DisconnectState,
  step: DisconnectStep,
  plan: DisconnectPlan,
): Promise<void> {
  // What an earlier run of the workflow was waiting for, is waited for.
  let pause = stepOf(state.board, step.id)?.pause ?? (await attempt(state, step))
  while (pause !== null) {
    const woken = () => state.decision !== null || workflowInfo().continueAsNewSuggested
    await (pause.code === 'authFailed' ? condition(woken) : condition(woken, TRY_AGAIN))
    const { decision } = state
    state.decision = null
    if (decision !== null) {
      await keepDecision(state, decision)
      if (endsBy(state, decision)) {
        break
      }
      state.choice = choiceAfter(state.choice, decision)
    } else if (workflowInfo().continueAsNewSuggested) {
      await goOnAnew(state, plan)
    }
    pause = await attempt(state, step)
  }
  state.choice = null
  await takeUpLate(state)
}

/**
 * Accepted while a step was tried. An abort is carried out whatever became of that try; anything else is not needed any
 * more, as the step has ended.
 */
async function takeUpLate(state: DisconnectState): Promise<void> {
  const { decision } = state
  if (decision === null || state.result !== null) {
    return
  }
  state.decision = null
  const next = nextStep(state.board)
  if (decision.action !== 'abort' || next === null) {
    state.say(`override of ${decision.step} was not needed any more`)
    return
  }
  await keepDecision(state, decision)
  endsBy(state, { ...decision, step: next.id })
}

/** One try. @returns what the step waits for; null: it has ended. */
async function attempt(state: DisconnectState, step: DisconnectStep): Promise<SetupPause | null> {
  state.begin(step.id)
  try {
    const { state: end, note }: StepEnd = await step.run(state.choice)
    state.end(step.id, end, note)
    return null
  } catch (error) {
    const pause = pauseFor(step, error)
    state.pause(step.id, pause)
    return pause
  }
}

/** Goes on in a new run, since this one has grown long while it waited. */
async function goOnAnew(state: DisconnectState, plan: DisconnectPlan): Promise<never> {
  const { connectionId, removeInstalled, reason, by } = state.input
  return continueAsNew<(input: DisconnectStart) => Promise<unknown>>({
    ...{ connectionId, removeInstalled, reason, by },
    carried: state.carry(plan),
  })
}

/** What a step waits with. Steps of the ledger alone do not wait: what no retry helps there, ends the workflow. */
function pauseFor(step: DisconnectStep, error: unknown): SetupPause {
  const choices: SetupPause['choices'] = step.skippable
    ? ['retry', 'skip', 'abort']
    : ['retry', 'abort']
  if (error instanceof StepWaits) {
    const own = error.pause.choices.filter((action) => !choices.includes(action))
    const [retry, ...others] = choices
    return { ...error.pause, choices: [...(retry ? [retry] : []), ...own, ...others] }
  }
  if (error instanceof UnsavedError) {
    return { code: 'stepFailed', message: error.message, choices, seen: { error: 'unsaved' } }
  }
  const { code, message } = problemOf(error)
  if (code === 'connection_not_found' || code === 'connection_not_disabled') {
    throw error
  }
  return { code: pauseCodeOf(code), message, choices, seen: { error: code } }
}

function keepDecision(state: DisconnectState, override: SetupOverride): Promise<void> {
  const { connectionId } = state.input
  const { step, action, reason, by } = override
  return evidence.keepStepDecision({
    interventionId: uuid4(),
    connectionId,
    step,
    action,
    reason,
    by,
  })
}

/** Whether a decision ends the step (skip) or the whole (abort). */
function endsBy(state: DisconnectState, { step, action, reason, by }: SetupOverride): boolean {
  if (action === 'skip') {
    state.end(step, 'skipped', `Skipped by ${by}: ${reason}`)
    return true
  }
  if (action === 'abort') {
    state.end(step, 'failed', `Aborted by ${by}: ${reason}`)
    state.finish('aborted')
    return true
  }
  return false
}
