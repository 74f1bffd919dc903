import { allHandlersFinished, ApplicationFailure, condition, uuid4 } from '@temporalio/workflow'
import type { SetupPreview, SetupStatus } from '../../contracts/setup.js'
import { orMarkFailed } from '../phase.js'
import { handleMessages } from './handle-messages.js'
import { isTelling } from './judge-message.js'
import { previewSetup } from './preview.js'
import { setUp, type SetupWorkflowInput } from './set-up.js'
import { SetupState } from './setup-state.js'

/**
 * Sets Dynamics up (rules E1–E3): about ten minutes, pausing where a person has to decide. Safe to run again.
 * @returns the status at the end, or with `dryRun` what would be done.
 * @throws ApplicationFailure `value_missing`, `value_invalid`, `connection_not_found`, `crm_not_supported`: an input that cannot be.
 */
export async function dynamicsSetup(
  input: SetupWorkflowInput,
): Promise<SetupStatus | SetupPreview> {
  return run(input)
}

/** Sets SuperOffice up, by the same runner. See {@link dynamicsSetup}. */
export async function superOfficeSetup(
  input: SetupWorkflowInput,
): Promise<SetupStatus | SetupPreview> {
  return run(input)
}

async function run(input: SetupWorkflowInput): Promise<SetupStatus | SetupPreview> {
  const { connectionId, dryRun, carried } = checked(input)
  if (dryRun) {
    return previewSetup(connectionId)
  }
  const state = new SetupState(connectionId, carried?.runId ?? uuid4(), carried)
  handleMessages(state)
  await orMarkFailed(
    connectionId,
    () => state.fail(),
    () => setUp(state),
  )
  await condition(allHandlersFinished)
  return state.status()
}

/** Whoever starts it by hand may have sent anything. */
function checked(input: SetupWorkflowInput | undefined): SetupWorkflowInput {
  if (typeof input?.connectionId !== 'string' || !isTelling(input.connectionId)) {
    throw ApplicationFailure.nonRetryable('Give {"connectionId": "…"}.', 'value_missing')
  }
  if (typeof (input.dryRun ?? false) !== 'boolean') {
    throw ApplicationFailure.nonRetryable('"dryRun" must be true or false.', 'value_invalid')
  }
  if (input.carried !== undefined && !Array.isArray(input.carried?.board)) {
    const text = '"carried" is what one run hands to the next; leave it out.'
    throw ApplicationFailure.nonRetryable(text, 'value_invalid')
  }
  return input
}
