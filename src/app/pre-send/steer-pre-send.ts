import type { AbortPreSend, ReschedulePreSend } from '../../contracts/inputs.js'
import { workflowIds } from '../../contracts/names.js'
import type { PreSendStatus } from '../../contracts/pre-send.js'
import { withTemporal } from '../resources.js'
import { notRunning } from '../temporal/not-running.js'

/** Updates of a running pre-send, by their fixed names. */
type PreSendUpdate =
  | { readonly name: 'abort'; readonly change: AbortPreSend }
  | { readonly name: 'reschedule'; readonly change: ReschedulePreSend }

/** What `pre-send abort` and `pre-send reschedule` answer. */
export interface SteeredPreSend {
  readonly workflowId: string
  readonly status: PreSendStatus
}

/**
 * Steers a running pre-send.
 * @throws AppError `run_not_found` (none runs), or what the workflow refuses it with.
 */
export function steerPreSend(
  sendoutId: string,
  stage: string,
  update: PreSendUpdate,
): Promise<SteeredPreSend> {
  return withTemporal(async ({ client }) => {
    const workflowId = workflowIds.preSend(sendoutId, stage)
    const handle = client.workflow.getHandle(workflowId)
    try {
      const status = await handle.executeUpdate<PreSendStatus, [PreSendUpdate['change']]>(
        update.name,
        { args: [update.change] },
      )
      return { workflowId, status }
    } catch (error) {
      if (error instanceof Error && error.name === 'WorkflowNotFoundError') {
        const what = `The pre-send of sendout ${sendoutId}, stage ${stage},`
        const location = { path: 'sendoutId', value: sendoutId }
        throw await notRunning({ client }, workflowId, what, location)
      }
      throw error
    }
  })
}
