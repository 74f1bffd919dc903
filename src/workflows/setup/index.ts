import { allHandlersFinished, condition, uuid4, workflowInfo } from '@temporalio/workflow'
import { AppError } from '../../contracts/app-error.js'
import { setupInput, type SetupStart } from '../../contracts/inputs.js'
import type { SetupPreview, SetupStatus } from '../../contracts/setup.js'
import { entry } from '../entry.js'
import { tellingFailure } from '../phase.js'
import { handleMessages } from './handle-messages.js'
import { previewSetup } from './preview.js'
import { setUp } from './set-up.js'
import { SetupState, type CarriedSetup } from './state.js'

/**
 * Sets Dynamics up (rules E1–E3): about ten minutes, pausing where a person has to decide. Safe to run again.
 * @returns the status at the end, or with `dryRun` what would be done.
 * @throws ApplicationFailure `value_missing`, `value_invalid`, `unknown_key`, `connection_not_found`, `crm_not_supported`,
 *   `setup_of_another_crm`: an input that cannot be.
 */
export function dynamicsSetup(...given: [SetupStart]): Promise<SetupStatus | SetupPreview> {
  return entry(setupInput, given, run)
}

/** Sets SuperOffice up, by the same runner. See {@link dynamicsSetup}. */
export function superOfficeSetup(...given: [SetupStart]): Promise<SetupStatus | SetupPreview> {
  return entry(setupInput, given, run)
}

async function run(input: SetupStart): Promise<SetupStatus | SetupPreview> {
  const { connectionId, dryRun } = input
  const carried = carriedIn(input)
  if (dryRun) {
    return previewSetup(connectionId)
  }
  const state = new SetupState(connectionId, carried?.runId ?? uuid4(), carried)
  handleMessages(state)
  await tellingFailure(
    () => state.fail(),
    () => setUp(state),
  )
  await condition(allHandlersFinished)
  return state.status()
}

/** What one run hands to the next is ours; whoever starts set-up cannot make it up. */
function carriedIn({ carried }: SetupStart): CarriedSetup | undefined {
  if (carried !== undefined && workflowInfo().continuedFromExecutionRunId === undefined) {
    const message = 'carried is what one run of set-up hands to the next; leave it out.'
    throw new AppError('value_invalid', message, { path: 'carried' })
  }
  return carried as CarriedSetup | undefined
}
