import { uuid4, defineQuery } from '@temporalio/workflow'
import { disconnectInput, type DisconnectStart } from '../../contracts/inputs.js'
import type { DisconnectPlan, DisconnectStatus } from '../../contracts/lifecycle-activities.js'
import type { SetupOverride, DisconnectInput } from '../../contracts/setup.js'
import type { StepOutcome } from '../../contracts/setup-activities.js'
import { evidence, lifecycle } from '../activity-proxies.js'
import { entry } from '../entry.js'
import { reportingFailure } from '../phase.js'
import { newBoard, percentOf } from '../steps/board.js'
import { pauseFor, problemOf } from '../steps/pause.js'
import { takeSteps } from '../steps/runner.js'
import { carriedIn, StepsState, type CarriedSteps } from '../steps/state.js'
import { stepsOf, UNANSWERED, type DisconnectStep } from './steps.js'
import { plainText } from '../markdown.js'
import { answer } from '../receive.js'
import { detailsIn } from '../steps/details.js'
import type { Situation } from '../steps/judge-message.js'
import { takeOverrides } from '../steps/messages.js'

/**
 * Wait before a paused step is retried: the fault may be fixed by then, or the unsubscribes may have reached
 * eMarketeer. Refused credentials are not retried, because a retry may lock the user.
 */
const TRY_AGAIN_MS = 60 * 60_000

/**
 * Disables a connection (rule C8). With `removeInstalled`, it also removes what set-up installed in the CRM, after
 * storing the data it holds. The last synced state, our copy and the evidence stay. Safe to repeat and to interrupt at
 * any point.
 * @throws ApplicationFailure `value_missing`, `value_invalid`, `connection_not_found`, `connection_paused`,
 * `environment_shared`; not retryable.
 */
export function disconnect(...given: [DisconnectStart]): Promise<DisconnectStatus> {
  return entry(disconnectInput, given, run)
}

async function run(input: DisconnectStart): Promise<DisconnectStatus> {
  const carried = carriedIn(input, 'a disconnect') as CarriedDisconnect | undefined
  const state = new DisconnectState(input, carried)
  await reportingFailure(
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
    recheckAfterMs: ({ code }) => (code === 'authFailed' ? null : TRY_AGAIN_MS),
    nextInput: (): DisconnectStart => ({
      ...{ connectionId, removeInstalled, reason, by },
      carried: { ...state.carry(), plan } satisfies CarriedDisconnect,
    }),
  })
}

/** Whether part of the installation remains in the CRM. */
function isLeft({ id, state }: { readonly id: string; readonly state: string }): boolean {
  return state === 'skipped' && (id === 'webhooks' || id.startsWith('remove-'))
}

/** One try. A failure that no retry can correct, in a step that only uses the ledger, ends the workflow. */
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

const statusQuery = defineQuery<DisconnectStatus>('status')

/** The state that one run of a disconnect passes to the next. */
export interface CarriedDisconnect extends CarriedSteps {
  readonly plan: DisconnectPlan
}

class DisconnectState extends StepsState {
  constructor(
    readonly input: DisconnectInput,
    carried: CarriedDisconnect | undefined,
  ) {
    super(input.connectionId, carried)
    answer(statusQuery, 'How it stands: steps, and what it waits for.', () => this.status())
    takeOverrides(this)
  }

  status(): DisconnectStatus {
    return {
      connectionId: this.connectionId,
      removeInstalled: this.input.removeInstalled,
      phase: this.phase,
      percent: percentOf(this.board),
      result: this.result,
      steps: this.board.map(({ status }) => status),
      messages: this.messages,
    }
  }

  /** Support cannot hold a disconnect. While a step is tried, only decisions are accepted. */
  override get situation(): Situation {
    return { ...super.situation, deciding: false }
  }

  /** A step that is being retried counts as running. */
  protected override get waits(): boolean {
    return super.waits && !this.trying
  }

  protected details(): string {
    const status = this.status()
    const headline = {
      done: '**Disconnected.** Apply the connection file to enable it again.',
      aborted: '**Aborted.** What was done stays done.',
      running: `**${status.percent} %**`,
    }[status.result ?? 'running']
    return detailsIn(status, {
      headline,
      label: (state) => `${state}:`,
      waiting: ({ message, choices }) => [
        `**Waiting:** ${plainText(message)}`,
        `Choices: ${choices.join(', ')}`,
      ],
    })
  }
}
