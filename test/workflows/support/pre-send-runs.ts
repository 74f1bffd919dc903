import type { WorkflowHandle } from '@temporalio/client'
import type {
  PreSendRequest,
  PreSendResult,
  PreSendStatus,
} from '../../../src/contracts/pre-send.js'
import type { TestWorkflows } from './with-workflows.js'

type PreSendWorkflow = (request: PreSendRequest) => Promise<PreSendResult>

let sendouts = 0

/** A request for a new sendout. */
export function requestOf(changes: Partial<PreSendRequest> = {}): PreSendRequest {
  sendouts += 1
  return {
    connectionId: 'acme-dynamics',
    sendoutId: `snd_${sendouts}`,
    campaignId: '501',
    componentId: '9001',
    stage: 'send',
    ...changes,
  }
}

/** Starts `preSend` as the campaign service does. */
export function startPreSend(
  { environment, taskQueue }: TestWorkflows,
  request: PreSendRequest,
): Promise<WorkflowHandle<PreSendWorkflow>> {
  return environment.client.workflow.start<PreSendWorkflow>('preSend', {
    workflowId: `pre-send/${request.sendoutId}/${request.stage}`,
    taskQueue,
    args: [request],
  })
}

/** Answer of the query `status`. */
export function statusOf(handle: WorkflowHandle<PreSendWorkflow>): Promise<PreSendStatus> {
  return handle.query<PreSendStatus>('status')
}

/** The time this far ahead by the server's clock, ISO 8601 in UTC. */
export async function inFuture({ environment }: TestWorkflows, ms: number): Promise<string> {
  return new Date((await environment.currentTimeMs()) + ms).toISOString()
}
