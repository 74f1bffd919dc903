import type { TemporalClient } from '../../config/temporal.js'
import type { OverrideAnswer, SetupOverride } from '../../contracts/setup.js'
import { asSetupError } from './look-at-setup.js'
import { lookAtWork } from './look-at-work.js'

const ANSWER_WITHIN_MS = 15_000

/** What `setup override` answers. */
export interface OverriddenSetup extends OverrideAnswer {
  readonly connectionId: string
  readonly workflowId: string
}

/**
 * Decides a paused step of set-up, or of a disconnect where one runs, by the update, so that a refusal is told at once
 * (E3).
 *
 * @throws AppError `run_not_found` where none runs; `override_invalid`, `override_refused` as set-up judges it;
 * `worker_unreachable`.
 */
export async function overrideSetup(
  temporal: TemporalClient,
  connectionId: string,
  override: SetupOverride,
): Promise<OverriddenSetup> {
  // An update that nobody takes would be waited for; a worker that answers now takes it now.
  const { workflowId, work } = await lookAtWork(temporal, connectionId)
  try {
    const handle = temporal.client.workflow.getHandle(workflowId)
    const answer = await temporal.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      handle.executeUpdate<OverrideAnswer, [SetupOverride]>('override', { args: [override] }),
    )
    return { connectionId, workflowId, ...answer }
  } catch (error) {
    throw await asSetupError(error, temporal, connectionId, work)
  }
}
