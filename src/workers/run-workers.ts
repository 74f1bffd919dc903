import { setTimeout as wait } from 'node:timers/promises'
import type { NativeConnection } from '@temporalio/worker'
import { Worker } from '@temporalio/worker'
import { createConnectionActivities } from '../activities/connection-activities.js'
import { createLifeActivities } from '../activities/life-activities.js'
import { createPreSendActivities } from '../activities/pre-send-activities.js'
import type { CronPlace } from '../activities/sweep-cron.js'
import { createSetupActivities } from '../activities/setup-activities.js'
import { createWebhookActivities } from '../activities/webhook-rotation.js'
import { createSyncActivities } from '../activities/sync-activities.js'
import { readEnvironment } from '../config/environment.js'
import { connectTemporalNative } from '../config/temporal-native.js'
import { connectTemporal } from '../config/temporal.js'
import { QUEUES, type QueueName } from '../contracts/names.js'
import { installTemporalRuntime } from '../telemetry/temporal-runtime.js'
import { composeSystems } from './compose-systems.js'
import { endTogether, type Part } from './end-together.js'
import { ISOLATE_TIME } from './isolate-time.js'
import { registerSearchAttributes } from './search-attributes.js'
import { warnOfOpenConnections } from './warn-of-open-connections.js'
import { watchSweeps } from './watch-sweeps.js'
import { workflowBundle } from './workflow-bundle.js'

/** Pieces of work that one queue's worker does at once: bounded by what a CRM allows, not by the machine. */
const CONCURRENT_ACTIVITIES: Readonly<Record<QueueName, number>> = {
  setup: 4,
  sweep: 4,
  'pre-send': 8,
  webhook: 8,
}

/** Of all queues together; cached workflows cost about a third of a megabyte each. */
const MAX_CACHED_WORKFLOWS = 200
/**
 * Told to end, a worker lets activities run on for the first, then cancels them, and after the second goes without them: all
 * of it within the 30 seconds that whoever runs it usually gives.
 */
const SHUTDOWN = { shutdownGraceTime: '15 seconds', shutdownForceTime: '25 seconds' } as const
const CLOSE_MS = 3_000

/** How to run workers. */
export interface RunWorkersOptions {
  /** Ends them gracefully. */
  readonly signal: AbortSignal
  /** Called once all of them poll. */
  readonly onReady?: (facts: {
    readonly address: string
    readonly queues: readonly string[]
  }) => void
}

/**
 * Serves task queues until told to stop.
 * @throws AppError `environment_invalid`, `temporal_unreachable`, `search_attribute_unfit`, `database_…`.
 */
export async function runWorkers(
  queues: readonly QueueName[],
  options: RunWorkersOptions,
): Promise<void> {
  // All that it needs, so that all that is missing is told at once.
  const { gateway } = readEnvironment(['gateway', 'database', 'emarketeer', 'secrets'])
  const { client, connection, address, namespace } = await connectTemporal()
  const composed = composeSystems()
  let native: NativeConnection | null = null
  try {
    await composed.db.query('SELECT 1 FROM connections LIMIT 1')
    warnOfOpenConnections()
    await registerSearchAttributes(connection, namespace)
    // Only now: the native runtime keeps the process alive, and a worker that cannot start must end.
    installTemporalRuntime()
    native = (await connectTemporalNative()).connection
    const place = { systems: composed.systems, temporal: client }
    const { systems, vault } = composed
    const setup = { systems, vault, publicUrl: gateway.publicUrl }
    const activities = {
      ...createSyncActivities(composed.systems),
      ...createPreSendActivities(composed.systems),
      ...createSetupActivities(setup),
      ...createWebhookActivities(setup),
      ...createLifeActivities(place),
      ...createConnectionActivities(place),
    }
    const bundle = await workflowBundle()
    const workers: Worker[] = []
    for (const queue of queues) {
      workers.push(
        await Worker.create({
          ...ISOLATE_TIME,
          connection: native,
          namespace,
          taskQueue: queue,
          workflowBundle: bundle,
          activities,
          maxConcurrentActivityTaskExecutions: CONCURRENT_ACTIVITIES[queue],
          maxCachedWorkflows: Math.ceil(MAX_CACHED_WORKFLOWS / queues.length),
          ...SHUTDOWN,
          // Heartbeats carry cancellation; the default throttle would notice it a minute late.
          maxHeartbeatThrottleInterval: '5 seconds',
          defaultHeartbeatThrottleInterval: '5 seconds',
        }),
      )
    }
    const parts = workers.map(partOf)
    const running = endTogether(
      queues.includes(QUEUES.sweep) ? [...parts, watchOf(place)] : parts,
      options.signal,
    )
    if (!options.signal.aborted) {
      options.onReady?.({ address, queues })
    }
    await running
  } finally {
    // What work that was left behind still holds is not waited for, and what closing meets does not hide why all ended.
    const closed = Promise.allSettled([native?.close(), connection.close(), composed.close()])
    await Promise.race([closed, wait(CLOSE_MS, undefined, { ref: false })])
  }
}

/** A worker as a part of the process. */
function partOf(worker: Worker): Part {
  return {
    run: () => worker.run(),
    stop: () => {
      if (worker.getState() === 'RUNNING') {
        worker.shutdown()
      }
    },
  }
}

/** Sees to the crons of the sweeps while the workers live. */
function watchOf(place: CronPlace): Part {
  const end = new AbortController()
  return { run: () => watchSweeps(place, end.signal), stop: () => end.abort() }
}
