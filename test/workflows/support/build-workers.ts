import type { Connection } from '@temporalio/client'
import { Worker } from '@temporalio/worker'
import type { TemporalClient } from '../../../src/config/temporal/temporal.js'
import { QUEUES } from '../../../src/contracts/names.js'
import { deploymentOptions } from '../../../src/workers/deployment.js'
import { ISOLATE_TIME } from '../../../src/workers/run-workers.js'
import {
  watchRelease,
  type Release,
  type ReleaseState,
} from '../../../src/workers/watch-release.js'
import type { TestTemporal } from '../../support/with-temporal.js'
import { delegatingActivities } from './delegating-activities.js'
import { FakeWorld } from './fake-world.js'
import type { Activities } from './activity-types.js'

/** The workers of one build: all queues, and the watcher of its release. */
export interface BuildWorkers {
  readonly world: FakeWorld
  readonly release: Release
  /** Resolves once the build has that release state. */
  releaseState(expected: ReleaseState): Promise<void>
  stop(): Promise<void>
}

/** A client of the kind that the product's own commands use. */
export function temporalClientOf({ client, address, namespace }: TestTemporal): TemporalClient {
  return { client, connection: client.connection as Connection, address, namespace }
}

/** Starts them as `lbsync worker` does, with activities of the test's choice. */
export async function startBuild(
  temporal: TestTemporal,
  buildId: string,
  code: string,
  activities: Partial<Activities>,
): Promise<BuildWorkers> {
  const world = new FakeWorld(activities)
  const release = { temporal: temporalClientOf(temporal), buildId, bundle: { code } }
  const workers = await Promise.all(
    Object.values(QUEUES).map((taskQueue) =>
      Worker.create({
        ...ISOLATE_TIME,
        connection: temporal.nativeConnection,
        namespace: temporal.namespace,
        taskQueue,
        workflowBundle: { code },
        activities: delegatingActivities(() => world),
        workerDeploymentOptions: deploymentOptions(buildId),
        maxHeartbeatThrottleInterval: '100 milliseconds',
        defaultHeartbeatThrottleInterval: '100 milliseconds',
        shutdownGraceTime: '1 second',
        shutdownForceTime: '3 seconds',
      }),
    ),
  )
  const end = new AbortController()
  let known: ReleaseState | null = null
  const waiters = new Map<ReleaseState, () => void>()
  const running = [
    ...workers.map((worker) => worker.run()),
    watchRelease(release, end.signal, (releaseState) => {
      known = releaseState
      waiters.get(releaseState)?.()
    }),
  ]
  return {
    world,
    release,
    releaseState: (expected) =>
      known === expected
        ? Promise.resolve()
        : new Promise((resolve) => waiters.set(expected, resolve)),
    async stop() {
      end.abort()
      workers.forEach((worker) => worker.shutdown())
      await Promise.all(running)
    },
  }
}
