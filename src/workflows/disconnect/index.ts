import { uuid4 } from '@temporalio/workflow'
import { disconnectInput, type DisconnectStart } from '../../contracts/inputs.js'
import type { DisconnectPlan, DisconnectStatus } from '../../contracts/lifecycle-activities.js'
import type { SetupOverride } from '../../contracts/setup.js'
import type { StepOutcome } from '../../contracts/setup-activities.js'
import { evidence, lifecycle } from '../activity-proxies.js'
import { entry } from '../entry.js'
import { tellingFailure } from '../phase.js'
import { newBoard } from '../steps/board.js'
import { pauseFor, problemOf } from '../steps/pause.js'
import { takeSteps } from '../steps/runner.js'
import { carriedIn } from '../steps/state.js'
import { DisconnectState, type CarriedDisconnect } from './state.js'
import { stepsOf, UNANSWERED, type DisconnectStep } from './steps.js'

/**
 * A paused step is tried again by itself after this: what was the matter may be mended, or the unsubscribes have reached
 * eMarketeer. Not where the credentials are refused: again and again, that may lock the user out.
 */
const TRY_AGAIN_MS = 60 * 60_000

/**
 * Disables a connection (rule C8), and with `removeInstalled` also removes what set-up installed in the CRM, after saving
 * what it holds. Last synced state, our copy and the evidence stay. Safe to repeat, and to be cut off anywhere.
 *
 * @throws ApplicationFailure `value_missing`, `value_invalid`, `connection_not_found`, `connection_paused`,
 *   `environment_shared`; not retryable.
 */
export function disconnect(...given: [DisconnectStart]): Promise<DisconnectStatus> {
  return entry(disconnectInput, given, run)
}

async function run(input: DisconnectStart): Promise<DisconnectStatus> {
  const carried = carriedIn(input, 'a disconnect') as CarriedDisconnect | undefined
  const state = new DisconnectState(input, carried)
  await tellingFailure(
    () => state.fail(),
    () => takeApart(state, carried?.plan),
  )
  return state.status()
}

async function takeApart(state: DisconnectState, planned?: DisconnectPlan): Promise<void> {
  const { connectionId, removeInstalled, reason, by } = state.input
  const plan = planned ?? (await lifecycle.planDisconnect({ connectionId, removeInstalled }))
  const left = () => state.board.some(({ status }) => isLeft(status))
  const steps = stepsOf(state.input, plan, left)
  if (state.board.length === 0) {
    state.toBoard(newBoard(steps))
  }
  state.begin(plan.crm, 'manual')
  await takeSteps(state, {
    attempt: (id) =>
      attempt(
        steps.find((step) => step.id === id)!,
        state,
      ),
    keep: (decision) => keepDecision(connectionId, decision),
    recheckAfterMs: (code) => (code === 'authFailed' ? null : TRY_AGAIN_MS),
    anew: (): DisconnectStart => ({
      ...{ connectionId, removeInstalled, reason, by },
      carried: { ...state.carry(), plan } satisfies CarriedDisconnect,
    }),
  })
}

/** Something of the installation stays in the CRM. */
function isLeft({ id, state }: { readonly id: string; readonly state: string }): boolean {
  return state === 'skipped' && (id === 'webhooks' || id.startsWith('remove-'))
}

/** One try. What no retry helps in steps of the ledger alone, is not waited for. */
async function attempt(step: DisconnectStep, { choice }: DisconnectState): Promise<StepOutcome> {
  try {
    return await step.run(choice)
  } catch (error) {
    const problem = problemOf(error, UNANSWERED)
    if (problem.code === 'connection_not_found' || problem.code === 'connection_not_disabled') {
      throw error
    }
    return { state: 'paused', pause: pauseFor(problem, step.skippable) }
  }
}

function keepDecision(connectionId: string, decision: SetupOverride): Promise<void> {
  const { step, action, reason, by } = decision
  return evidence.keepStepDecision({
    interventionId: uuid4(),
    connectionId,
    step,
    action,
    reason,
    by,
  })
}
