import { requireSchema } from '../ledger/db/look-at-schema.js'
import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { type NativeConnection, Worker } from '@temporalio/worker'
import { createSweepActivities } from '../activities/sweep-activities.js'
import { createLifecycleActivities } from '../activities/lifecycle-activities.js'
import { createPreSendActivities } from '../activities/pre-send-activities.js'
import type { CronEnvironment } from '../activities/sweep-cron.js'
import { createSetupActivities } from '../activities/setup-activities.js'
import { createWebhookActivities } from '../activities/webhook-rotation.js'
import { createSyncActivities } from '../activities/sync-activities.js'
import { readEnvironment } from '../config/environment/environment.js'
import { connectTemporalNative } from '../config/temporal/temporal-native.js'
import { connectTemporal, type TemporalClient } from '../config/temporal/temporal.js'
import { AppError } from '../contracts/app-error.js'
import { QUEUES, type QueueName } from '../contracts/names.js'
import { logger } from '../telemetry/logger.js'
import { installTemporalRuntime } from '../telemetry/temporal-runtime.js'
import { composeSystems } from './compose-systems.js'
import { readBuildId, workflowBundle } from './workflow-bundle.js'
import { deploymentOptions, readDeployment } from './deployment.js'
import { endTogether, type Part } from './end-together.js'
import { registerSearchAttributes } from './search-attributes.js'
import { warnOfOpenConnections } from '../config/open-connections.js'
import { watchRelease, type Release, type ReleaseState } from './watch-release.js'
import { watchSweeps } from './watch-sweeps.js'

const log = logger('worker')

/** Concurrent activities of one queue's worker: bounded by what a CRM allows, not by the machine. */
const CONCURRENT_ACTIVITIES: Readonly<Record<QueueName, number>> = {
  setup: 4,
  sweep: 4,
  'pre-send': 8,
  webhook: 8,
}

/** For all queues together; a cached workflow takes about a third of a megabyte. */
const MAX_CACHED_WORKFLOWS = 200
/**
 * Half of the memory for new objects in each queue's workflow thread. A workflow's task makes few, so Node's 16 MB would only
 * fill up with garbage before the first collection.
 */
const WORKFLOW_SEMI_SPACE_MB = 2

/**
 * A worker that shuts down lets activities run for the first time, then cancels them, and after the second ends without
 * them: all within the 30 seconds that process managers usually allow.
 */
const SHUTDOWN = { shutdownGraceTime: '15 seconds', shutdownForceTime: '25 seconds' } as const
const CLOSE_MS = 3_000

/** How to run workers. */
export interface RunWorkersOptions {
  /** Stops them gracefully. */
  readonly signal: AbortSignal
  /** Called once all workers poll, and the state of this build is known. */
  readonly onReady?: (facts: {
    readonly address: string
    readonly queues: readonly string[]
    readonly buildId: string
    readonly releaseState: ReleaseState | 'unversioned'
  }) => void
}

/**
 * Serves task queues until the signal aborts.
 * @throws AppError `environment_invalid`, `temporal_unreachable`, `search_attribute_unfit`, `database_…`,
 * `ledger_keys_differ`.
 */
export async function runWorkers(
  queues: readonly QueueName[],
  options: RunWorkersOptions,
): Promise<void> {
  // Reads everything that it needs, so that one error names all missing variables.
  const { gateway } = readEnvironment(['gateway', 'database', 'emarketeer', 'secrets'])
  const { client, connection, address, namespace } = await connectTemporal()
  // One for each activity: otherwise a few long statements make the others fail that wait for a connection.
  const usualConnections = queues.reduce((sum, queue) => sum + CONCURRENT_ACTIVITIES[queue], 0)
  const composed = composeSystems(process.env, { usualConnections })
  let native: NativeConnection | null = null
  try {
    await requireSchema(composed.db)
    warnOfOpenConnections()
    await registerSearchAttributes(connection, namespace)
    // Not earlier: the native runtime keeps the process alive, and a worker that cannot start must end.
    installTemporalRuntime()
    native = (await connectTemporalNative()).connection
    const environment = { systems: composed.systems, temporal: client }
    const { systems, vault } = composed
    const setup = { systems, vault, publicUrl: gateway.publicUrl }
    const activities = {
      ...createSyncActivities(composed.systems),
      ...createPreSendActivities(composed.systems),
      ...createSetupActivities(setup),
      ...createWebhookActivities(setup),
      ...createLifecycleActivities(environment),
      ...createSweepActivities(environment),
    }
    const bundle = await workflowBundle()
    const buildId = await readBuildId()
    const temporal = { client, connection, address, namespace }
    const versioned = await supportsVersions(temporal)
    const workers: Worker[] = []
    // Threads that begin from now on heed it: those of the workflows.
    setFlagsFromString(`--max-semi-space-size=${WORKFLOW_SEMI_SPACE_MB}`)
    for (const queue of queues) {
      workers.push(
        await Worker.create({
          ...ISOLATE_TIME,
          connection: native,
          namespace,
          taskQueue: queue,
          workflowBundle: bundle,
          activities,
          ...(versioned ? { workerDeploymentOptions: deploymentOptions(buildId) } : {}),
          maxConcurrentActivityTaskExecutions: CONCURRENT_ACTIVITIES[queue],
          maxCachedWorkflows: Math.ceil(MAX_CACHED_WORKFLOWS / queues.length),
          ...SHUTDOWN,
          // Heartbeats carry cancellation; with the default throttle it would arrive a minute late.
          maxHeartbeatThrottleInterval: '5 seconds',
          defaultHeartbeatThrottleInterval: '5 seconds',
        }),
      )
    }
    const release = versioned ? releaseOf({ temporal, buildId, bundle }) : null
    const running = endTogether(
      [
        ...workers.map(partOf),
        ...(queues.includes(QUEUES.sweep)
          ? [watchOf(environment, () => registerSearchAttributes(connection, namespace))]
          : []),
        ...(release === null ? [] : [release]),
      ],
      options.signal,
    )
    const releaseState = (await Promise.race([release?.known, running])) ?? 'unversioned'
    if (!options.signal.aborted) {
      options.onReady?.({ address, queues, buildId, releaseState })
    }
    await running
  } finally {
    // Does not wait for resources that abandoned work still holds. Failures of closing do not hide the failure that
    // ended the process.
    const closed = Promise.allSettled([native?.close(), connection.close(), composed.close()])
    await Promise.race([closed, wait(CLOSE_MS, undefined, { ref: false })])
  }
}

/** A worker as a part of the process. */
function partOf(worker: Worker): Part {
  let stopped = false
  return {
    run: async () => {
      try {
        await Promise.race([worker.run(), failureOf(worker)])
      } catch (error) {
        throw stopped ? error : failed(worker, error)
      }
    },
    stop: () => {
      stopped = true
      if (worker.getState() === 'RUNNING') {
        worker.shutdown()
      }
    },
  }
}

const LOOK_EVERY_MS = 1_000

/**
 * Detects a worker whose namespace was deleted. It may no longer poll, so it has failed, but it may wait forever for
 * its other polls before it ends. We do not wait for it: the process would look healthy and serve only some of its
 * queues.
 */
async function failureOf(worker: Worker): Promise<void> {
  while (worker.getState() !== 'FAILED') {
    if (worker.getState() === 'STOPPED') {
      return
    }
    await wait(LOOK_EVERY_MS, undefined, { ref: false })
  }
  throw failed(worker)
}

function failed({ options: { taskQueue } }: Worker, cause?: unknown): AppError {
  return cause instanceof AppError
    ? cause
    : new AppError(
        'temporal_unreachable',
        `The worker of the queue ${taskQueue} has failed, and so all of this process end; the log says why.`,
        { cause },
      )
}

/** Restores the sweeps' crons while the workers run. */
function watchOf(environment: CronEnvironment, register: () => Promise<void>): Part {
  const end = new AbortController()
  return { run: () => watchSweeps(environment, register, end.signal), stop: () => end.abort() }
}

/** Whether the server supports worker versions and lets us read them. Logs if not, because upgrading then differs. */
async function supportsVersions(temporal: TemporalClient): Promise<boolean> {
  try {
    await readDeployment(temporal)
    return true
  } catch (error) {
    const code = error instanceof AppError ? error.code : null
    if (code === 'releases_unsupported') {
      log.warn({ err: error, code }, 'workers have no version; see docs/operating.md')
      return false
    }
    if (code === 'releases_denied') {
      log.error({ err: error, code }, 'workers have no version: Temporal denies it')
      return false
    }
    throw error
  }
}

/** Workers report that they are ready within this time, even if the state of the build is not known. */
const KNOWN_WITHIN_MS = 10_000

/** Makes sure that work goes to a build that is served. */
function releaseOf(release: Release): Part & { readonly known: Promise<ReleaseState> } {
  const end = new AbortController()
  let settle: (releaseState: ReleaseState) => void = () => undefined
  const settled = new Promise<ReleaseState>((resolve) => (settle = resolve))
  const onReleaseState = (releaseState: ReleaseState) => {
    log.info({ buildId: release.buildId, state: releaseState }, 'where work goes')
    if (releaseState !== 'arriving') {
      settle(releaseState)
    }
  }
  return {
    run: () => watchRelease(release, end.signal, onReleaseState),
    stop: () => end.abort(),
    known: Promise.race([
      settled,
      wait(KNOWN_WITHIN_MS, 'arriving' as const, { ref: false, signal: end.signal }).catch(
        () => 'arriving' as const,
      ),
    ]),
  }
}

/**
 * How long a workflow's code may compute without a pause, for `Worker.create`. When the SDK cuts off such code, Node
 * ends the process with all its running work ("async hook stack has become corrupted", nodejs/node#38503). A long
 * history on a slow machine reaches the SDK's default of five seconds. The SDK accepts the option, but its types do not
 * name it.
 */
export const ISOLATE_TIME: object = { isolateExecutionTimeout: '1 minute' }
