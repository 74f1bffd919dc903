import { setTimeout as wait } from 'node:timers/promises'
import type { WorkflowBundleOption } from '@temporalio/worker'
import type { TemporalClient } from '../config/temporal/temporal.js'
import { AppError } from '../contracts/app-error.js'
import { logger } from '../telemetry/logger.js'
import {
  makeCurrent,
  readDeployment,
  servedBeyond,
  servedQueues,
  UNVERSIONED,
  type Build,
  type Deployment,
  type Served,
} from './deployment.js'
import { anyRuns, misfitsOf, type Misfit } from './misfits.js'
import type { Client } from '@temporalio/client'
import { PINNED_WORKFLOWS, QUEUES } from '../contracts/names.js'

const log = logger('worker')

/** Time until a worker that has just begun to poll looks again: the server knows its build within a second or two. */
const LOOK_SOON_MS = 250
const SOON_LOOKS = 40
const LOOK_EVERY_MS = 15_000

/** The state of a build. */
export type ReleaseState =
  /** It gets new work. */
  | 'current'
  /** Another build gets it: one that is served, and from which this one does not take over by itself. */
  | 'waiting'
  /** The server does not know this build yet, or not all its queues, or not everywhere that it is the current one. */
  | 'arriving'
  /** The server does not let us set the current build, and this one is not it. */
  | 'denied'

/** A build, and the server on which it is to take over. */
export interface Release {
  readonly temporal: TemporalClient
  readonly buildId: string
  readonly bundle: WorkflowBundleOption
}

/**
 * While a worker runs, makes sure that work goes to a build that is served, without an operator:
 * - the first build in a namespace takes over immediately;
 * - a new build takes over immediately if every running workflow fits it;
 * - any other build (one that was replaced, one older than the current one, or one that some running workflow does not
 *   fit) waits until an operator chooses it, or until nobody serves some queue for the current build any more and this
 *   one serves all queues that are served.
 * Never fails: it logs failures, and tries again.
 * @param onReleaseState called after each change of the state.
 */
export async function watchRelease(
  release: Release,
  signal: AbortSignal,
  onReleaseState: (releaseState: ReleaseState) => void,
): Promise<void> {
  const watch = new ReleaseWatch(release)
  for (let looks = 1; !signal.aborted; looks += 1) {
    const before = watch.releaseState
    await watch.look()
    if (watch.releaseState !== null && watch.releaseState !== before) {
      onReleaseState(watch.releaseState)
    }
    const soon =
      looks < SOON_LOOKS && (watch.releaseState === null || watch.releaseState === 'arriving')
    const next = soon ? LOOK_SOON_MS : LOOK_EVERY_MS
    await wait(next, undefined, { signal }).catch(() => undefined)
  }
}

class ReleaseWatch {
  /** State of the build at the last look; null: unknown. */
  releaseState: ReleaseState | null = null
  /** Runs whose history did not fit at the last replay. */
  #misfits: readonly Misfit[] = []

  constructor(readonly release: Release) {}

  async look(): Promise<void> {
    try {
      this.releaseState = await this.#lookOnce()
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'releases_denied')) {
        log.warn({ err: error }, 'whether this build is to take over could not be looked at')
        return
      }
      if (this.releaseState !== 'denied') {
        const { buildId } = this.release
        const { code } = error
        log.error({ err: error, buildId, code }, 'this build may not take over: Temporal denies it')
      }
      this.releaseState = 'denied'
    }
  }

  async #lookOnce(): Promise<ReleaseState> {
    const { temporal, buildId } = this.release
    const deployment = await readDeployment(temporal)
    const ours = deployment?.builds.find((build) => build.buildId === buildId)
    if (deployment === null || ours === undefined) {
      return 'arriving'
    }
    if (deployment.current !== buildId) {
      const why = await this.#reasonToTakeOver(deployment, ours)
      if (typeof why === 'object') {
        return why.not
      }
      if (await makeCurrent(temporal, deployment, buildId)) {
        log.info({ buildId }, why)
      }
      return 'arriving'
    }
    if (!deployment.settled) {
      return 'arriving'
    }
    if (this.releaseState === 'current') {
      await this.#lookAfterStranded()
    }
    return 'current'
  }

  /** Why it takes over, as text for the log; or the state that it stays in. */
  async #reasonToTakeOver(
    deployment: Deployment,
    ours: Build,
  ): Promise<string | { readonly not: ReleaseState }> {
    const { temporal, buildId } = this.release
    const { current } = deployment
    const served = await servedQueues(temporal)
    const servesAll = servedBeyond(served, current, buildId).length === 0
    if (servesAll && servedBeyond(served, buildId, current).length > 0) {
      return current === UNVERSIONED && !served.has(UNVERSIONED)
        ? 'this build takes over: it is the first'
        : 'this build takes over: nobody serves each queue for the one before'
    }
    if (ours.everCurrent) {
      this.#warnWaiting('this build was replaced; it waits for `lbsync release use`')
      return { not: 'waiting' }
    }
    if (isOlder(ours, deployment)) {
      this.#warnWaiting(
        'this build is older than the current one; it waits for `lbsync release use`',
      )
      return { not: 'waiting' }
    }
    if (!servesAll) {
      return { not: 'arriving' }
    }
    return (await this.#fits())
      ? 'this build takes over: it is new, and what runs fits it'
      : { not: 'waiting' }
  }

  /** Replays the running workflows' histories; after a misfit, only once that workflow has ended. */
  async #fits(): Promise<boolean> {
    const { temporal, buildId, bundle } = this.release
    if (await anyRuns(temporal.client, this.#misfits)) {
      return false
    }
    this.#misfits = await misfitsOf(temporal.client, bundle)
    for (const { workflowId } of this.#misfits) {
      log.error({ buildId, workflowId }, 'this build waits: a running workflow does not fit it')
    }
    return this.#misfits.length === 0
  }

  /** Logs once, when it begins to wait. */
  #warnWaiting(why: string): void {
    if (this.releaseState !== 'waiting') {
      log.warn({ buildId: this.release.buildId }, why)
    }
  }

  async #lookAfterStranded(): Promise<void> {
    const { temporal, buildId } = this.release
    const served = await servedQueues(temporal)
    for (const workflowId of await endStranded(temporal.client, buildId, served)) {
      log.warn({ workflowId }, 'a run whose build is gone was ended; it is tried again')
    }
  }
}

/**
 * Whether a build is older than the current one: by the product's version in both names; if that is equal or unknown,
 * by when the server first saw them.
 */
function isOlder(ours: Build, { current, builds }: Deployment): boolean {
  const theirs = builds.find(({ buildId }) => buildId === current)
  if (theirs === undefined) {
    return false
  }
  const [a, b] = [versionOf(ours.buildId), versionOf(current)]
  const differs = a?.findIndex((part, n) => part !== b?.[n]) ?? -1
  return a === null || b === null || differs < 0
    ? ours.firstSeenMs < theirs.firstSeenMs
    : a[differs]! < b[differs]!
}

/** The numbers of `0.2.0-5f1c1d5e6d4f`; null: the name has another form. */
function versionOf(buildId: string): readonly number[] | null {
  const parts = /^(\d+)\.(\d+)\.(\d+)-/.exec(buildId)
  return parts === null ? null : parts.slice(1).map(Number)
}

const PINNED =
  `ExecutionStatus = 'Running' AND WorkflowType IN (` +
  `${PINNED_WORKFLOWS.map((type) => `'${type}'`).join(', ')})`

/**
 * Ends runs that are pinned to a build of which no worker serves their queue any more: nobody would ever continue them.
 * Nothing is lost: due work stays due, and the cron repeats a sweep.
 * @param current the build that gets the work: its runs continue as soon as a worker of it comes.
 * @returns ids of the workflows that were ended.
 * @throws the client's errors.
 */
export async function endStranded(
  client: Client,
  current: string,
  served: Served,
): Promise<readonly string[]> {
  const ended: string[] = []
  for await (const { workflowId, runId } of client.workflow.list({ query: PINNED })) {
    const handle = client.workflow.getHandle(workflowId, runId)
    const { raw, status, taskQueue } = await handle.describe()
    const buildId = raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId
    const queue = Object.values(QUEUES).find((name) => name === taskQueue)
    const isStranded = buildId && buildId !== current && queue && !served.get(buildId)?.has(queue)
    if (status.name === 'RUNNING' && isStranded) {
      await handle.terminate('No worker of the build on which it began is left')
      ended.push(workflowId)
    }
  }
  return ended
}

const SETTLED_LOOK_EVERY_MS = 100
/** Most workflows that an error names. */
const NAMED = 10

/**
 * Makes a build the current one, by an operator's choice.
 * @param force also if running workflows do not fit it.
 * @returns ids of the workflows whose tasks will fail because it was forced.
 * @throws AppError `release_misfit`, `worker_unreachable`, `releases_unsupported`, `releases_denied`; the client's
 * errors.
 */
export async function useRelease(
  { temporal, buildId, bundle }: Release,
  force: boolean,
): Promise<readonly string[]> {
  const deployment = await readDeployment(temporal)
  const served = await servedQueues(temporal)
  if (deployment === null || !served.has(buildId)) {
    throw unreachable(`No worker of build ${buildId} runs.`, buildId)
  }
  const lacking = servedBeyond(served, deployment.current, buildId)
  if (lacking.length > 0) {
    const which = `${lacking.join(', ')}, which the current build serves`
    throw unreachable(`Build ${buildId} does not serve ${which}.`, buildId)
  }
  const misfits = (await misfitsOf(temporal.client, bundle)).map(({ workflowId }) => workflowId)
  if (misfits.length > 0 && !force) {
    const named = misfits.slice(0, NAMED).join(', ') + (misfits.length > NAMED ? ' …' : '')
    throw new AppError(
      'release_misfit',
      `${misfits.length} running workflows do not fit build ${buildId}: ${named}.`,
      { value: buildId },
    )
  }
  if (!(await makeCurrent(temporal, deployment, buildId))) {
    const message = `Build ${buildId} has never served some queue that the current build has served.`
    throw unreachable(message, buildId)
  }
  while ((await readDeployment(temporal))?.settled === false) {
    await wait(SETTLED_LOOK_EVERY_MS)
  }
  return misfits
}

function unreachable(message: string, buildId: string): AppError {
  return new AppError('worker_unreachable', message, { value: buildId })
}
