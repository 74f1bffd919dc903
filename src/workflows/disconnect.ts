import { condition, uuid4 } from '@temporalio/workflow'
import { disconnectInput } from '../contracts/inputs.js'
import type { DisconnectStatus } from '../contracts/life-activities.js'
import type { DisconnectInput, SetupOverride, SetupPause, StepChoice } from '../contracts/setup.js'
import { evidence, life } from './activity-proxies.js'
import { problemOf } from './disconnect-messages.js'
import { DisconnectState } from './disconnect-state.js'
import {
  stepsOf,
  StepWaits,
  UnsavedError,
  type DisconnectStep,
  type StepEnd,
} from './disconnect-steps.js'
import { entry } from './entry.js'
import { mark, tellingFailure } from './phase.js'
import { choiceAfter } from './setup/carry-choice.js'
import { pauseCodeOf } from './setup/pause-for-failure.js'
import { newBoard } from './setup/step-board.js'

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
export function disconnect(...given: [DisconnectInput]): Promise<DisconnectStatus> {
  return entry(disconnectInput, given, takeApart)
}

async function takeApart(input: DisconnectInput): Promise<DisconnectStatus> {
  const state = new DisconnectState(input)
  const { connectionId, removeInstalled } = input
  await tellingFailure(
    () => state.fail(),
    async () => {
      const plan = await life.planDisconnect({ connectionId, removeInstalled })
      mark({ connectionId, crm: plan.crm, phase: 'running', tier: 'manual' })
      const left = () => state.board.some(({ status }) => isLeft(status))
      const steps = stepsOf(input, plan, left)
      state.board = newBoard(steps)
      for (const step of steps) {
        await take(state, step)
        if (state.result !== null) {
          return
        }
      }
      state.finish('done')
    },
  )
  return state.status()
}

function isLeft({ id, state }: { readonly id: string; readonly state: string }): boolean {
  return state === 'skipped' && (id === 'webhooks' || id.startsWith('remove-'))
}

/** Tries a step until it has ended, with whatever Support decides in between. */
async function take(state: DisconnectState, step: DisconnectStep): Promise<void> {
  let choice: StepChoice | null = null
  for (;;) {
    state.begin(step.id)
    let pause: SetupPause
    try {
      const { state: end, note }: StepEnd = await step.run(choice)
      state.end(step.id, end, note)
      return
    } catch (error) {
      pause = pauseFor(step, error)
    }
    state.pause(step.id, pause)
    const decided = () => state.decision !== null
    await (pause.code === 'authFailed' ? condition(decided) : condition(decided, TRY_AGAIN))
    const { decision } = state
    state.decision = null
    if (decision !== null) {
      await keepDecision(state, decision)
      if (endsBy(state, decision)) {
        return
      }
      choice = choiceAfter(choice, decision)
    }
  }
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
