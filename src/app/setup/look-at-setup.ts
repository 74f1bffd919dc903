import type { TemporalClient } from '../../config/temporal/temporal.js'
import { AppError } from '../../contracts/app-error.js'
import { QUEUES, workflowIds } from '../../contracts/names.js'
import type { SetupStatus } from '../../contracts/setup.js'
import { isUnanswered } from '../../contracts/temporal-failure.js'
import { ENDS, notRunning } from '../await-result.js'
import type { DisconnectStatus } from '../../contracts/lifecycle-activities.js'
import type { ConnectionState } from '../../domain/connection-state.js'

/** The work that Support watches and decides: set-up, or one of the two kinds of disconnect. */
export type Work = 'setup' | 'removal' | 'disabling'

/** The kind of a disconnect. */
export function workOf({ removeInstalled }: Pick<DisconnectStatus, 'removeInstalled'>): Work {
  return removeInstalled ? 'removal' : 'disabling'
}

/** Labels of one kind of work. */
interface WorkWords {
  /** Before the connection's id. */
  readonly title: string
  /** After the percentage, once it is done. */
  readonly done: string
  /** After the percentage, if it ended before it was done. */
  readonly undone: string
  /** Whether and when a paused step is retried automatically. */
  readonly again: string
}

const AT_REMOVAL = 'It is tried again by itself every hour, unless the credentials are refused.'

/** Labels of each kind of work. Set-up has an empty `again`, because it depends on the pause. */
export const WORK_WORDS: Readonly<Record<Work, WorkWords>> = {
  setup: {
    title: 'Set-up of',
    done: 'the sweep runs every half hour',
    undone: 'to go on, apply the connection again: steps that are done pass immediately',
    again: '',
  },
  removal: {
    title: 'Removal of the installation of',
    done: 'the connection is disabled',
    undone: 'what was done stays done; `lbsync connection remove-installed` starts it again',
    again: AT_REMOVAL,
  },
  disabling: {
    title: 'Disabling of',
    done: 'the connection is disabled',
    undone: 'what was done stays done; apply the file with "crm":"none" again',
    again: AT_REMOVAL,
  },
}

/** Longer than any worker needs for an answer, and short enough for a person to wait. */
const ANSWER_WITHIN_MS = 10_000
/** Temporal's number for the task queue type of workflow tasks. */
const WORKFLOW_TASKS = 1
/**
 * gRPC statuses of a query that nobody answers: not in time (the server may notice first: cancelled, aborted, unknown,
 * internal), too many queries wait for an answer already (the server keeps few), no worker for a long time.
 */
const UNANSWERED: ReadonlySet<unknown> = new Set([1, 2, 4, 8, 9, 10, 13])

/** Set-up at one moment. */
export interface SetupLook {
  /** Absent: set-up. */
  readonly work?: Work
  readonly status: SetupStatus
  /** How the workflow ended; null while it runs. A terminated workflow cannot report this itself. */
  readonly ended: string | null
}

/**
 * Queries the newest set-up of a connection for its status. One that has ended answers as long as Temporal keeps it.
 * @throws AppError `run_not_found` if there is none; `worker_unreachable` if no worker answers for it.
 */
export async function lookAtSetup(
  temporal: TemporalClient,
  connectionId: string,
): Promise<SetupLook> {
  const workflowId = workflowIds.setup(connectionId)
  const { answer, ended } = await lookAt<SetupStatus>(temporal, connectionId, workflowId)
  return { status: answer, ended }
}

/** Queries any workflow with a status, by its id. */
async function lookAt<Status>(
  temporal: TemporalClient,
  connectionId: string,
  workflowId: string,
): Promise<{ readonly answer: Status; readonly ended: string | null }> {
  const { client, connection } = temporal
  const handle = client.workflow.getHandle(workflowId)
  try {
    // Described before the query, so that a workflow that ends in between is seen as running and is looked at again.
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
 * Converts an error of Temporal's client about a set-up to an AppError; any other error is returned unchanged.
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
  if (!isUnanswered(error, UNANSWERED)) {
    return error
  }
  const message = (await isServed(temporal))
    ? `The worker of queue ${QUEUES.setup} does not answer.`
    : `No worker serves the queue ${QUEUES.setup}, so set-up cannot report its state.`
  return new AppError('worker_unreachable', message, { path: 'connectionId', value: connectionId })
}

async function isServed({ connection, namespace }: TemporalClient): Promise<boolean> {
  const taskQueue = { name: QUEUES.setup }
  const answer = await connection.workflowService
    .describeTaskQueue({ namespace, taskQueue, taskQueueType: WORKFLOW_TASKS })
    .catch(() => null)
  return (answer?.pollers ?? []).length > 0
}

/** Set-up or disconnect at one moment. */
export interface WorkLook extends SetupLook {
  readonly workflowId: string
  /** The workflow's own answer. */
  readonly answer: SetupStatus | DisconnectStatus
}

/**
 * Queries the workflow that Support would decide: the running disconnect, else whichever of set-up and disconnect began
 * last. Only one of them runs at a time: a disconnect ends set-up, and applying is refused while a disconnect runs.
 * @param stateNow reads the connection's state, if the ledger is available. A connection in state `settingUp` whose
 * set-up neither runs nor has failed was applied without starting set-up.
 * @throws AppError `run_not_found` if there is neither; `setup_not_running`; `worker_unreachable` if no worker answers
 * for it.
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
  const isConclusive =
    !(look instanceof AppError) &&
    (look.ended === null || (look.work === undefined && look.status.phase !== 'done'))
  // Read after the query, because set-up changes the state to active before it ends.
  if (!isConclusive && (await stateNow()) === 'settingUp') {
    throw setUpNotRunning(connectionId)
  }
  if (look instanceof AppError) {
    throw look
  }
  return look
}

/** The fault of a connection in state `settingUp` whose set-up does not run. */
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
  // A disconnect cannot be held back and has no estimate of the remaining time.
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

/** The start of a workflow, Unix ms. Infinity: it is running; -Infinity: Temporal knows none. */
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
