import proto from '@temporalio/proto'
import type { WorkerDeploymentOptions } from '@temporalio/worker'
import type { TemporalClient } from '../config/temporal/temporal.js'
import { AppError } from '../contracts/app-error.js'
import { QUEUES, type QueueName } from '../contracts/names.js'

/** Name of the one worker deployment of a namespace; our builds are its versions. */
export const DEPLOYMENT_NAME = 'lbsync'
/** Temporal's name for workers without a version. */
export const UNVERSIONED = ''

/**
 * A poll lasts up to a minute, and the server records only its start: a worker whose last poll is older than this has
 * ended. The server itself lists it for five minutes.
 */
const GONE_AFTER_MS = 90_000
/**
 * The queues learn within seconds that another build is the current one. A busy server may lose that update, and then
 * reports forever that they have not.
 */
const SETTLES_WITHIN_MS = 60_000
/** The server's number for the task queue type of workflow tasks. */
const WORKFLOW_TASKS = 1
// The package is CommonJS: its names are only on the default export.
const IN_PROGRESS =
  proto.temporal.api.enums.v1.RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS
/** gRPC status codes of failed calls. */
const STATUS = { notFound: 5, denied: 7, failedPrecondition: 9, unimplemented: 12 } as const

/** A build as Temporal knows it. */
export interface Build {
  readonly buildId: string
  /** Whether it has ever been the current build. */
  readonly everCurrent: boolean
  /** When the server first saw a worker of it, Unix ms. */
  readonly firstSeenMs: number
}

/** Builds of the product in a namespace. */
export interface Deployment {
  /**
   * Build that gets new work, and the running workflows that move with it; {@link UNVERSIONED}: workers without a
   * version.
   */
  readonly current: string
  readonly builds: readonly Build[]
  /**
   * Whether every queue knows the current build. Until then, for up to a minute, work may still go to the previous one.
   */
  readonly settled: boolean
  /** Proves that nobody has changed the deployment since it was read. */
  readonly conflictToken: Uint8Array
}

/** A worker's version. Workflows move to the current build unless their type is pinned. */
export function deploymentOptions(buildId: string): WorkerDeploymentOptions {
  return {
    version: { deploymentName: DEPLOYMENT_NAME, buildId },
    useWorkerVersioning: true,
    defaultVersioningBehavior: 'AUTO_UPGRADE',
  }
}

/**
 * Reads the deployment. @returns null: no worker with a version has been seen in the namespace.
 * @throws AppError `releases_unsupported`, `releases_denied`; the client's errors.
 */
export async function readDeployment(temporal: TemporalClient): Promise<Deployment | null> {
  const { connection, namespace } = temporal
  const reference = { namespace, deploymentName: DEPLOYMENT_NAME }
  try {
    const { workerDeploymentInfo: info, conflictToken } =
      await connection.workflowService.describeWorkerDeployment(reference)
    const { currentDeploymentVersion, currentVersionChangedTime } = info?.routingConfig ?? {}
    return {
      current: currentDeploymentVersion?.buildId ?? UNVERSIONED,
      builds: (info?.versionSummaries ?? []).map((summary) => ({
        buildId: summary.deploymentVersion?.buildId ?? UNVERSIONED,
        everCurrent: Boolean(summary.firstActivationTime),
        firstSeenMs: msOf(summary.createTime),
      })),
      settled:
        info?.routingConfigUpdateState !== IN_PROGRESS ||
        Date.now() - msOf(currentVersionChangedTime) > SETTLES_WITHIN_MS,
      conflictToken: conflictToken ?? new Uint8Array(),
    }
  } catch (error) {
    if (codeOf(error) === STATUS.notFound) {
      return null
    }
    throw closedOf(error) ?? error
  }
}

/**
 * Sends new work, and the running workflows that move with it, to a build.
 * @returns false: it has never served some queue that the current one has served, or somebody else was faster.
 * @throws AppError `releases_unsupported`, `releases_denied`; the client's errors.
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
    throw closedOf(error) ?? error
  }
}

/** The queues that workers of each build poll; {@link UNVERSIONED}: workers without a version. */
export type Served = ReadonlyMap<string, ReadonlySet<QueueName>>

/** Reads which builds poll which queues. @throws the client's errors. */
export async function servedQueues({ connection, namespace }: TemporalClient): Promise<Served> {
  const since = Date.now() - GONE_AFTER_MS
  const served = new Map<string, Set<QueueName>>()
  const look = async (name: QueueName) => {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name },
      taskQueueType: WORKFLOW_TASKS,
    })
    for (const { lastAccessTime, deploymentOptions } of pollers ?? []) {
      if (msOf(lastAccessTime) > since) {
        const buildId = deploymentOptions?.buildId || UNVERSIONED
        served.set(buildId, (served.get(buildId) ?? new Set()).add(name))
      }
    }
  }
  await Promise.all(Object.values(QUEUES).map(look))
  return served
}

/** Queues that one build serves and the other does not. */
export function servedBeyond(served: Served, buildId: string, other: string): QueueName[] {
  return Object.values(QUEUES).filter(
    (queue) => served.get(buildId)?.has(queue) && !served.get(other)?.has(queue),
  )
}

/** The error if the server denies access to worker versions altogether, else null. */
function closedOf(cause: unknown): AppError | null {
  switch (codeOf(cause)) {
    case STATUS.unimplemented:
      return new AppError(
        'releases_unsupported',
        'The Temporal server does not support builds of workers (worker deployment versions).',
        { cause },
      )
    case STATUS.denied:
      return new AppError(
        'releases_denied',
        `Temporal denies us the worker deployment ${DEPLOYMENT_NAME}, which says what build has the work.`,
        { cause },
      )
    default:
      return null
  }
}

function msOf(
  time: { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined,
) {
  return Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1_000_000
}

function codeOf(error: unknown): number | undefined {
  return (error as { readonly code?: number }).code
}
