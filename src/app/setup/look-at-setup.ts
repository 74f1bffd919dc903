import type { TemporalClient } from '../../config/temporal/temporal.js'
import { AppError } from '../../contracts/app-error.js'
import { QUEUES, workflowIds } from '../../contracts/names.js'
import type { SetupStatus } from '../../contracts/setup.js'
import { ENDS, notRunning } from '../not-running.js'
import { WORK_WORDS, type Work, workOf } from './work.js'
import type { DisconnectStatus } from '../../contracts/lifecycle-activities.js'
import type { ConnectionState } from '../../domain/connection-state.js'

/** Longer than any worker needs to answer, and not so long that somebody gives up. */
const ANSWER_WITHIN_MS = 10_000
/** Task queue type of workflow tasks, as the server numbers it. */
const WORKFLOW_TASKS = 1
/**
 * gRPC statuses of a query that nobody answers: not in time (the server may be the first to notice: cancelled, aborted,
 * unknown, internal), too many others wait for an answer already (the server keeps few), no worker was there for long.
 */
const UNANSWERED: ReadonlySet<unknown> = new Set([1, 2, 4, 8, 9, 10, 13])

/** Set-up at one moment. */
export interface SetupLook {
  /** Absent: set-up. */
  readonly work?: Work
  readonly status: SetupStatus
  /** How the workflow ended; null while it runs. A terminated one cannot say so itself. */
  readonly ended: string | null
}

/**
 * Asks the newest set-up of a connection for its status; one that has ended answers as long as Temporal keeps it.
 * @throws AppError `run_not_found` where there is none; `worker_unreachable` where no worker answers for it.
 */
export async function lookAtSetup(
  temporal: TemporalClient,
  connectionId: string,
): Promise<SetupLook> {
  const workflowId = workflowIds.setup(connectionId)
  const { answer, ended } = await lookAt<SetupStatus>(temporal, connectionId, workflowId)
  return { status: answer, ended }
}

/** The same of any workflow with a status, by its id. */
async function lookAt<Status>(
  temporal: TemporalClient,
  connectionId: string,
  workflowId: string,
): Promise<{ readonly answer: Status; readonly ended: string | null }> {
  const { client, connection } = temporal
  const handle = client.workflow.getHandle(workflowId)
  try {
    // Looked up first, so that one that ends in between is seen as running, and looked at once more.
    const { status: state } = await handle.describe()
    const answer = await connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      handle.query<Status>('status'),
    )
    return { answer, ended: ENDS[state.name] ?? null }
  } catch (error) {
    throw await asSetupError(error, temporal, connectionId)
  }
}

/**
 * What Temporal's client threw about a set-up, in words about it; anything else is returned unchanged.
 * @param work `removal` or `disabling` if it is about a disconnect.
 */
export async function asSetupError(
  error: unknown,
  temporal: TemporalClient,
  connectionId: string,
  work: Work = 'setup',
): Promise<unknown> {
  if (error instanceof Error && error.name === 'WorkflowNotFoundError') {
    const workflowId = workflowIds[work === 'setup' ? 'setup' : 'disconnect'](connectionId)
    const { title } = WORK_WORDS[work]
    const what = `The ${title.charAt(0).toLowerCase()}${title.slice(1)} ${connectionId}`
    return notRunning(temporal, workflowId, what, {
      path: 'connectionId',
      value: connectionId,
    })
  }
  if (!isUnanswered(error)) {
    return error
  }
  const message = (await isServed(temporal))
    ? `The worker of queue ${QUEUES.setup} does not answer.`
    : `No worker serves the queue ${QUEUES.setup}, so set-up cannot report its state.`
  return new AppError('worker_unreachable', message, { path: 'connectionId', value: connectionId })
}

function isUnanswered(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (UNANSWERED.has((cause as { code?: unknown }).code) || /Timeout/.test(cause.name)) {
      return true
    }
  }
  return false
}

async function isServed({ connection, namespace }: TemporalClient): Promise<boolean> {
  const taskQueue = { name: QUEUES.setup }
  const answer = await connection.workflowService
    .describeTaskQueue({ namespace, taskQueue, taskQueueType: WORKFLOW_TASKS })
    .catch(() => null)
  return (answer?.pollers ?? []).length > 0
}

/** Set-up, or what takes the connection apart, at one moment. */
export interface WorkLook extends SetupLook {
  readonly workflowId: string
  /** As the workflow answered. */
  readonly answer: SetupStatus | DisconnectStatus
}

/**
 * Asks what Support would decide: the disconnect where one runs, else whichever of set-up and disconnect began last.
 * Only one of them runs at a time: a disconnect ends set-up, and applying is refused while one runs.
 *
 * @param stateNow the connection's state, where the ledger may be asked: one that is being set up, and neither runs nor has
 *   failed, was applied by somebody who did not come to start set-up.
 * @throws AppError `run_not_found` where there is neither; `setup_not_running`; `worker_unreachable` where no worker answers for it.
 */
export async function lookAtWork(
  temporal: TemporalClient,
  connectionId: string,
  stateNow: () => Promise<ConnectionState | null> = () => Promise.resolve(null),
): Promise<WorkLook> {
  const look = await lookAtNewest(temporal, connectionId).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'run_not_found') {
      return error
    }
    throw error
  })
  const told =
    !(look instanceof AppError) &&
    (look.ended === null || (look.work === undefined && look.status.phase !== 'done'))
  // Asked after: set-up makes it active before it ends.
  if (!told && (await stateNow()) === 'settingUp') {
    throw setUpNotRunning(connectionId)
  }
  if (look instanceof AppError) {
    throw look
  }
  return look
}

/** The fault of a connection that is being set up while its set-up does not run. */
export function setUpNotRunning(connectionId: string): AppError {
  const message = `${connectionId} is being set up, and its set-up does not run.`
  return new AppError('setup_not_running', message, { path: 'connectionId', value: connectionId })
}

/** Whether a connection's set-up runs. @throws the errors of Temporal's client. */
export async function setUpRuns(temporal: TemporalClient, connectionId: string): Promise<boolean> {
  return (await began(temporal, workflowIds.setup(connectionId))) === Infinity
}

async function lookAtNewest(temporal: TemporalClient, connectionId: string): Promise<WorkLook> {
  const workflowId = await newest(temporal, connectionId)
  const { answer, ended } = await lookAt<SetupStatus | DisconnectStatus>(
    temporal,
    connectionId,
    workflowId,
  )
  if (!('removeInstalled' in answer)) {
    return { workflowId, answer, status: answer, ended }
  }
  // A disconnect is not held back, and does not guess how long it takes.
  const status = { ...answer, remainingSeconds: 0, heldBy: null }
  return { workflowId, answer, status, ended, work: workOf(answer) }
}

async function newest(temporal: TemporalClient, connectionId: string): Promise<string> {
  const disconnect = workflowIds.disconnect(connectionId)
  const setup = workflowIds.setup(connectionId)
  const [disconnectBegan, setupBegan] = await Promise.all([
    began(temporal, disconnect),
    began(temporal, setup),
  ])
  return disconnectBegan > -Infinity && disconnectBegan >= setupBegan ? disconnect : setup
}

/** Unix ms; Infinity: it runs; -Infinity: Temporal knows none. */
async function began({ client }: TemporalClient, workflowId: string): Promise<number> {
  try {
    const { status, startTime } = await client.workflow.getHandle(workflowId).describe()
    return status.name === 'RUNNING' ? Infinity : startTime.getTime()
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') {
      return -Infinity
    }
    throw error
  }
}
