import { readBuildId, workflowBundle } from '../workers/workflow-bundle.js'
import type { QueueName } from '../contracts/names.js'
import { readDeployment, servedQueues, UNVERSIONED } from '../workers/deployment.js'
import { withTemporal } from './resources.js'

/** Builds as `lbsync release show` lists them. */
export interface ReleaseView {
  /** Of the command itself. */
  readonly buildId: string
  /** All that the server still knows; null: workers without a version. */
  readonly builds: readonly {
    readonly buildId: string | null
    /** New work goes to it. */
    readonly current: boolean
    /** Queues that workers of it poll, or did within the last minute and a half. */
    readonly queues: readonly QueueName[]
  }[]
}

/** @throws AppError `releases_unsupported`, `releases_denied`, `temporal_unreachable`. */
export async function showRelease(): Promise<ReleaseView> {
  const buildId = await readBuildId()
  return withTemporal(async (temporal) => {
    const deployment = await readDeployment(temporal)
    const served = await servedQueues(temporal)
    const current = deployment?.current ?? UNVERSIONED
    const known = (deployment?.builds ?? []).map((build) => build.buildId)
    const unversioned = current === UNVERSIONED || served.has(UNVERSIONED) ? [UNVERSIONED] : []
    const builds = [...known, ...unversioned].map((id) => ({
      buildId: id === UNVERSIONED ? null : id,
      current: id === current,
      queues: [...(served.get(id) ?? [])].sort(),
    }))
    return { buildId, builds }
  })
}

/** What `release use` answers. */
export interface UsedRelease {
  readonly buildId: string
  /** Workflows whose tasks will fail, as it was forced. */
  readonly misfits: readonly string[]
}

/**
 * Gives the work to the build of this command.
 * @param force whatever does not fit it.
 * @throws AppError `release_misfit`, `worker_unreachable`, `releases_unsupported`, `releases_denied`, `temporal_unreachable`.
 */
export async function giveWork(force: boolean): Promise<UsedRelease> {
  // With them comes Temporal's worker, which showing does without.
  const [{ installTemporalRuntime }, { useRelease }] = await Promise.all([
    import('../telemetry/temporal-runtime.js'),
    import('../workers/use-release.js'),
  ])
  const buildId = await readBuildId()
  const bundle = await workflowBundle()
  return withTemporal(async (temporal) => {
    installTemporalRuntime()
    return { buildId, misfits: await useRelease({ temporal, buildId, bundle }, force) }
  })
}
