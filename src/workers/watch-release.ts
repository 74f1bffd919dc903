import { setTimeout as wait } from 'node:timers/promises'
import type { WorkflowBundleOption } from '@temporalio/worker'
import type { TemporalClient } from '../config/temporal.js'
import { logger } from '../telemetry/logger.js'
import {
  makeCurrent,
  readDeployment,
  servedBuilds,
  UNVERSIONED,
  type Deployment,
} from './deployment.js'
import { misfitsOf } from './misfits.js'
import { endStranded } from './stranded.js'

const log = logger('worker')

/** How soon a worker that has just begun to poll looks again: the server knows its build within a second or two. */
const LOOK_SOON_MS = 250
const SOON_LOOKS = 40
const LOOK_EVERY_MS = 15_000

/** Where a build stands. */
export type Standing =
  /** New work goes to it. */
  | 'current'
  /** Another has it: one that is served, and from which this one does not take over by itself. */
  | 'waiting'
  /** The server does not know of this build yet, or not of all its queues, or not everywhere that it is the current one. */
  | 'arriving'

/** A build, and where it is to take over. */
export interface Release {
  readonly temporal: TemporalClient
  readonly buildId: string
  readonly bundle: WorkflowBundleOption
}

/**
 * Sees for as long as a worker lives that work goes to a build that is served, without anybody having to say so:
 * - the first build in a namespace takes over at once;
 * - so does one that is new there, if everything that runs fits it;
 * - any other (one that was replaced, or that something running does not fit) waits, until an operator chooses it or
 *   nobody serves the current one any more.
 * Never fails: what it meets is told, and tried again.
 *
 * @param onStanding told each time when it has changed.
 */
export async function watchRelease(
  release: Release,
  signal: AbortSignal,
  onStanding: (standing: Standing) => void,
): Promise<void> {
  let known: Standing | null = null
  for (let looks = 1; !signal.aborted; looks += 1) {
    let standing: Standing | null = null
    try {
      standing = await look(release, known)
    } catch (error) {
      log.warn({ err: error }, 'whether this build is to take over could not be looked at')
    }
    if (standing !== null && standing !== known) {
      known = standing
      onStanding(standing)
    }
    const soon = looks < SOON_LOOKS && (known === null || known === 'arriving')
    const next = soon ? LOOK_SOON_MS : LOOK_EVERY_MS
    await wait(next, undefined, { signal }).catch(() => undefined)
  }
}

async function look(release: Release, known: Standing | null): Promise<Standing> {
  const { temporal, buildId } = release
  const deployment = await readDeployment(temporal)
  const ours = deployment?.builds.find((build) => build.buildId === buildId)
  if (deployment === null || ours === undefined) {
    return 'arriving'
  }
  if (deployment.current !== buildId) {
    const why = await reasonToTakeOver(release, deployment, ours.everCurrent, known === 'waiting')
    if (why === null) {
      return 'waiting'
    }
    if (!(await makeCurrent(temporal, deployment, buildId))) {
      return 'arriving'
    }
    log.info({ buildId }, why)
    return 'arriving'
  }
  if (!deployment.settled) {
    return 'arriving'
  }
  if (known === 'current') {
    await lookAfterStranded(temporal)
  }
  return 'current'
}

async function reasonToTakeOver(
  { temporal, buildId, bundle }: Release,
  { current }: Deployment,
  everCurrent: boolean,
  told: boolean,
): Promise<string | null> {
  const isServed = (await servedBuilds(temporal)).has(current)
  if (!isServed) {
    return current === UNVERSIONED
      ? 'this build takes over: it is the first'
      : 'this build takes over: nobody serves the one before'
  }
  if (everCurrent) {
    if (!told) {
      log.warn({ buildId }, 'this build was replaced; it waits for `lbsync release use`')
    }
    return null
  }
  const misfits = await misfitsOf(temporal.client, bundle)
  if (misfits.length === 0) {
    return 'this build takes over: it is new, and what runs fits it'
  }
  for (const workflowId of told ? [] : misfits) {
    log.error({ buildId, workflowId }, 'this build waits: a running workflow does not fit it')
  }
  return null
}

async function lookAfterStranded({ client, ...of }: TemporalClient): Promise<void> {
  const served = await servedBuilds({ client, ...of })
  for (const workflowId of await endStranded(client, served)) {
    log.warn({ workflowId }, 'a run whose build is gone was ended; it is tried again')
  }
}
