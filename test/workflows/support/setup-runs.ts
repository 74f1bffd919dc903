import type { WorkflowHandle } from '@temporalio/client'
import type { SetupStatus, StepStatus, SetupPause } from '../../../src/contracts/setup.js'
import type { StepOutcome } from '../../../src/contracts/setup-activities.js'

/** A pause as a step's outcome. */
export function pausedWith(code: SetupPause['code'], choices: SetupPause['choices']): StepOutcome {
  return { state: 'paused', pause: { code, message: `Because of ${code}.`, choices, seen: {} } }
}

/** An override with its evidence. */
export function override(step: string, action: string, more: object = {}) {
  return { step, action, reason: 'The customer said so', by: 'kim', ...more }
}

/** The status now. */
export function statusOf(handle: WorkflowHandle): Promise<SetupStatus> {
  return handle.query<SetupStatus>('status')
}

/** One step of a status. */
export function stepIn(status: SetupStatus, id: string): StepStatus {
  return status.steps.find((step) => step.id === id)!
}

/** Waits until a status fits. It queries the workflow repeatedly, because nothing else shows the status outside. */
export async function untilStatus(
  handle: WorkflowHandle,
  fits: (status: SetupStatus) => boolean,
): Promise<SetupStatus> {
  for (;;) {
    const status = await statusOf(handle)
    if (fits(status)) {
      return status
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
