import { setWorkflowOptions, workflowInfo } from '@temporalio/workflow'

/**
 * Pins runs of a workflow to the build on which they began. Set only if the worker has a deployment: without one (no
 * deployment name) the server refuses every task.
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
