import { setWorkflowOptions, workflowInfo } from '@temporalio/workflow'

/**
 * Lets runs of a workflow stay with the build on which they began. Said only where the worker is of a deployment: from one
 * that is not (its deployment has no name) the server refuses it, task after task.
 */
export function staysWithItsBuild<Args extends unknown[], Result>(
  workflow: (...given: Args) => Promise<Result>,
): void {
  setWorkflowOptions(
    () =>
      workflowInfo().currentDeploymentVersion?.deploymentName
        ? { versioningBehavior: 'PINNED' }
        : {},
    workflow,
  )
}
