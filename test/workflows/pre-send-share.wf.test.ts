import { expect, it } from '@jest/globals'
import { FakeSendouts } from './support/fake-sendouts.js'
import { requestOf } from './support/pre-send-runs.js'
import { withWorkflows } from './support/with-workflows.js'

const workflows = withWorkflows()

it("a pre-send that names the account takes the connection's share, as one that names the connection", async () => {
  workflows.world(new FakeSendouts({ targeted: 10 }).activities())
  const { environment, taskQueue } = workflows
  const { sendoutId, stage, campaignId, componentId } = requestOf()
  const handle = await environment.client.workflow.start('preSend', {
    workflowId: `pre-send/${sendoutId}/${stage}`,
    taskQueue,
    args: [{ accountId: '1001', sendoutId, stage, campaignId, componentId }],
    priority: { priorityKey: 1, fairnessKey: 'account-1001' },
  })
  await handle.result()
  const { events } = await handle.fetchHistory()
  const work = events!.flatMap(
    ({
      activityTaskScheduledEventAttributes: activity,
      startChildWorkflowExecutionInitiatedEventAttributes: child,
    }) =>
      activity
        ? [[activity.activityType!.name, activity.priority]]
        : child
          ? [['child', child.priority]]
          : [],
  )
  const own = { priorityKey: 1, fairnessKey: 'acme-dynamics' }
  expect(Object.fromEntries(work)).toMatchObject({
    fixAudience: own,
    proveFreshness: own,
    child: own,
    settleRun: own,
    decideMembers: own,
  })
})
