import proto from '@temporalio/proto'
import type { WorkerDeploymentOptions } from '@temporalio/worker'
import type { TemporalClient } from '../config/temporal.js'
import { AppError } from '../contracts/app-error.js'
import { QUEUES } from '../contracts/names.js'

/** Our builds are versions of one worker deployment of this name, one in a namespace. */
export const DEPLOYMENT_NAME = 'lbsync'
/** How Temporal's interface names workers without a version. */
export const UNVERSIONED = ''

/**
 * A poll hangs for up to a minute, and is seen by its beginning only: a worker whose last is older than this is gone. The
 * server itself goes on listing it for five minutes.
 */
const GONE_AFTER_MS = 90_000
/** Task queue type of workflow tasks, as the server numbers it. */
const WORKFLOW_TASKS = 1
// The package is CommonJS: its names are only on the default export.
const IN_PROGRESS =
  proto.temporal.api.enums.v1.RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS
/** gRPC's numbers of how a call may end. */
const STATUS = { notFound: 5, denied: 7, failedPrecondition: 9, unimplemented: 12 } as const

/** A build as Temporal knows it. */
export interface Build {
  readonly buildId: string
  /** Whether new work has ever gone to it. */
  readonly everCurrent: boolean
}

/** Builds of the product in a namespace. */
export interface Deployment {
  /** Where new work goes, and running workflows that go along; {@link UNVERSIONED}: to workers without a version. */
  readonly current: string
  readonly builds: readonly Build[]
  /** Whether every queue knows which build is the current one; until then work may still go to the one before. */
  readonly settled: boolean
  /** Proves that nobody has changed it since it was read. */
  readonly conflictToken: Uint8Array
}

/** How a worker tells which build it is. Workflows go along with the current build unless they say otherwise. */
export function deploymentOptions(buildId: string): WorkerDeploymentOptions {
  return {
    version: { deploymentName: DEPLOYMENT_NAME, buildId },
    useWorkerVersioning: true,
    defaultVersioningBehavior: 'AUTO_UPGRADE',
  }
}

/**
 * @returns null: no worker with a version has been seen in the namespace.
 * @throws AppError `releases_unsupported`; the client's errors.
 */
export async function readDeployment(temporal: TemporalClient): Promise<Deployment | null> {
  const { connection, namespace } = temporal
  const reference = { namespace, deploymentName: DEPLOYMENT_NAME }
  try {
    const { workerDeploymentInfo: info, conflictToken } =
      await connection.workflowService.describeWorkerDeployment(reference)
    return {
      current: info?.routingConfig?.currentDeploymentVersion?.buildId ?? UNVERSIONED,
      builds: (info?.versionSummaries ?? []).map((summary) => ({
        buildId: summary.deploymentVersion?.buildId ?? UNVERSIONED,
        everCurrent: Boolean(summary.firstActivationTime),
      })),
      settled: info?.routingConfigUpdateState !== IN_PROGRESS,
      conflictToken: conflictToken ?? new Uint8Array(),
    }
  } catch (error) {
    const code = codeOf(error)
    if (code === STATUS.notFound) {
      return null
    }
    if (code === STATUS.unimplemented || code === STATUS.denied) {
      throw unsupported(error)
    }
    throw error
  }
}

/**
 * Sends new work, and running workflows that go along, to a build.
 * @returns false: it does not serve every queue yet that the current one serves, or somebody else was quicker.
 * @throws AppError `releases_unsupported`; the client's errors.
 */
export async function makeCurrent(
  { connection, namespace }: TemporalClient,
  { conflictToken }: Pick<Deployment, 'conflictToken'>,
  buildId: string,
): Promise<boolean> {
  try {
    await connection.workflowService.setWorkerDeploymentCurrentVersion({
      namespace,
      deploymentName: DEPLOYMENT_NAME,
      buildId,
      conflictToken,
    })
    return true
  } catch (error) {
    const code = codeOf(error)
    if (code === STATUS.notFound || code === STATUS.failedPrecondition) {
      return false
    }
    if (code === STATUS.unimplemented || code === STATUS.denied) {
      throw unsupported(error)
    }
    throw error
  }
}

/** Builds whose workers poll any of our queues; {@link UNVERSIONED} among them: workers without a version. */
export async function servedBuilds({
  connection,
  namespace,
}: TemporalClient): Promise<ReadonlySet<string>> {
  const answers = await Promise.all(
    Object.values(QUEUES).map((name) =>
      connection.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name },
        taskQueueType: WORKFLOW_TASKS,
      }),
    ),
  )
  const since = Date.now() - GONE_AFTER_MS
  const polling = answers
    .flatMap(({ pollers }) => pollers ?? [])
    .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000 > since)
  return new Set(polling.map(({ deploymentOptions: of }) => of?.buildId || UNVERSIONED))
}

function unsupported(cause: unknown): AppError {
  return new AppError(
    'releases_unsupported',
    'The Temporal server does not let builds be told apart (worker deployment versions).',
    { cause },
  )
}

function codeOf(error: unknown): number | undefined {
  return (error as { readonly code?: number }).code
}
