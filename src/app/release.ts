import { readBuildId, workflowBundle } from '../workers/workflow-bundle.js'
import type { QueueName } from '../contracts/names.js'
import { readDeployment, servedQueues, UNVERSIONED } from '../workers/deployment.js'
import { withTemporal } from './resources.js'

/** Builds as `lbsync release show` lists them. */
export interface ReleaseView {
  /** The build of this command. */
  readonly buildId: string
  /** All builds that the server still knows; null: workers without a version. */
  readonly builds: readonly {
    readonly buildId: string | null
    /** New work goes to it. */
    readonly current: boolean
    /** Queues that its workers poll now or polled within the last 90 seconds. */
    readonly queues: readonly QueueName[]
  }[]
}

/**
 * Reads the builds that the server knows.
 * @throws AppError `releases_unsupported`, `releases_denied`, `temporal_unreachable`.
 */
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

/** The answer of `release use`. */
export interface UsedRelease {
  readonly buildId: string
  /** Workflows whose tasks will fail, because the change was forced. */
  readonly misfits: readonly string[]
}

/**
 * Makes the build of this command the one that gets new work.
 * @param force accept workflows that do not fit the build.
 * @throws AppError `release_misfit`, `worker_unreachable`, `releases_unsupported`, `releases_denied`,
 * `temporal_unreachable`.
 */
export async function giveWork(force: boolean): Promise<UsedRelease> {
  // Loaded here, because they load Temporal's worker, which `release show` does not need.
  const [{ installTemporalRuntime }, { useRelease }] = await Promise.all([
    import('../telemetry/temporal-runtime.js'),
    import('../workers/watch-release.js'),
  ])
  const buildId = await readBuildId()
  const bundle = await workflowBundle()
  return withTemporal(async (temporal) => {
    installTemporalRuntime()
    return { buildId, misfits: await useRelease({ temporal, buildId, bundle }, force) }
  })
}
