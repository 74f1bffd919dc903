import { allHandlersFinished, condition, uuid4 } from '@temporalio/workflow'
import { setupInput, type SetupStart } from '../../contracts/inputs.js'
import type { SetupPreview, SetupStatus } from '../../contracts/setup.js'
import { setupCalls } from '../activity-proxies.js'
import { entry } from '../entry.js'
import { reportingFailure } from '../phase.js'
import { newBoard } from '../steps/board.js'
import { takeSteps } from '../steps/runner.js'
import { carriedIn } from '../steps/state.js'
import { keepOverride } from './keep-decision.js'
import { handleMessages } from './messages.js'
import { previewSetup } from './preview.js'
import { recheckAfterMs } from './recheck.js'
import { attemptStep } from './run-step.js'
import { SetupState, type CarriedSetup } from './state.js'

/**
 * Sets up a connection's CRM (rules E1–E3) in about ten minutes; pauses when a person has to decide. Safe to run again.
 * @returns the final status, or, with `dryRun`, the changes that it would make.
 * @throws ApplicationFailure for an invalid input: `value_missing`, `value_invalid`, `unknown_key`,
 * `connection_not_found`, `crm_not_supported`.
 */
export function connectionSetup(...given: [SetupStart]): Promise<SetupStatus | SetupPreview> {
  return entry(setupInput, given, run)
}

/** {@link connectionSetup} for Dynamics only. @throws ApplicationFailure `setup_of_another_crm`. */
export function dynamicsSetup(...given: [SetupStart]): Promise<SetupStatus | SetupPreview> {
  return entry(setupInput, given, run)
}

/** {@link connectionSetup} for SuperOffice only. @throws ApplicationFailure `setup_of_another_crm`. */
export function superOfficeSetup(...given: [SetupStart]): Promise<SetupStatus | SetupPreview> {
  return entry(setupInput, given, run)
}

async function run(input: SetupStart): Promise<SetupStatus | SetupPreview> {
  const { connectionId, dryRun } = input
  const carried = carriedIn(input, 'set-up') as CarriedSetup | undefined
  if (dryRun) {
    return previewSetup(connectionId)
  }
  const state = new SetupState(connectionId, carried?.runId ?? uuid4(), carried)
  handleMessages(state)
  await reportingFailure(
    () => state.fail(),
    () => setUp(state),
  )
  await condition(allHandlersFinished)
  return state.status()
}

/** Never fails permanently (E2). The steps are data of the CRM's folder; this code does not know any CRM. */
async function setUp(state: SetupState): Promise<void> {
  const { connectionId } = state
  if (state.board.length === 0) {
    const plan = await setupCalls.planSetup({ connectionId })
    state.crm = plan.crm
    state.toBoard(newBoard(plan.steps))
  }
  state.begin(state.crm, 'setup')
  await takeSteps(state, {
    attempt: (step) => attemptStep(state, step),
    keep: (decision) => keepOverride(connectionId, decision),
    recheckAfterMs,
    nextInput: (): SetupStart => ({ connectionId, carried: state.carry() }),
  })
}
