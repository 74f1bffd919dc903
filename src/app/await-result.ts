import type { TemporalClient } from '../config/temporal/temporal.js'
import type { QueueName } from '../contracts/names.js'
import type { StartedRun } from '../client/start-or-join.js'
import type { DisconnectStatus } from '../contracts/lifecycle-activities.js'
import type { SetupStatus } from '../contracts/setup.js'
import { AppError } from '../contracts/app-error.js'

/** The interval of progress reports. */
const LOOK_EVERY_MS = 1_000
/** A worker that has just started polls within this time. */
const PATIENCE_MS = 5_000
/** Temporal's number for the task queue type of workflow tasks. */
const WORKFLOW_TASKS = 1

/** A run to wait for. */
interface Waiting {
  readonly temporal: TemporalClient
  readonly run: StartedRun
  readonly queue: QueueName
  readonly progress: Progress
  /** Reports what has changed since the last call. Its errors are ignored. */
  readonly look?: () => Promise<void>
}

/**
 * Waits for a run's result and reports progress meanwhile. Interrupting the command ends the wait, not the workflow.
 * @throws the client's WorkflowFailedError, which `toKnownError` turns into a catalogue error.
 */
export async function awaitResult<T>(waiting: Waiting): Promise<T> {
  const { run, progress } = waiting
  if (run.joined) {
    progress.note(`${run.workflowId} is running already; waiting for that run.`)
  }
  const ended = new AbortController()
  const watching = watch(waiting, ended.signal)
  try {
    return (await run.handle.result()) as T
  } finally {
    ended.abort()
    await watching
    // The status may have changed between the last look and the end.
    await waiting.look?.().catch(() => undefined)
  }
}

async function watch(waiting: Waiting, signal: AbortSignal): Promise<void> {
  const begunMs = Date.now()
  let advised = false
  while (!signal.aborted) {
    await pause(signal)
    if (signal.aborted) {
      return
    }
    const waitedMs = Date.now() - begunMs
    if (!advised && waitedMs > PATIENCE_MS) {
      advised = true
      await adviseWithoutWorker(waiting)
    }
    await waiting.look?.().catch(() => undefined)
  }
}

/** Without a worker the run waits forever, so the person who waits is informed of the cause. */
async function adviseWithoutWorker({ temporal, queue, progress }: Waiting): Promise<void> {
  const { connection, namespace } = temporal
  const answer = await connection.workflowService
    .describeTaskQueue({ namespace, taskQueue: { name: queue }, taskQueueType: WORKFLOW_TASKS })
    .catch(() => null)
  if (answer !== null && (answer.pollers ?? []).length === 0) {
    progress.note(`No worker serves the queue ${queue} yet: start one with \`lbsync worker\`.`)
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, LOOK_EVERY_MS)
    signal.addEventListener('abort', done, { once: true })
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

/** The `status` answer of every workflow with steps. Only set-up has `heldBy`. */
export type StepsStatus = Pick<SetupStatus, 'connectionId' | 'percent' | 'steps'> &
  Partial<Pick<SetupStatus, 'heldBy'> & Pick<DisconnectStatus, 'removeInstalled'>>

/** Receives progress, for example to print it on stderr. */
export interface Progress {
  /** A line for a person. */
  note(line: string): void
  /** The status of a run with steps, each second while somebody waits for it. */
  steps?(status: StepsStatus, workflowId: string): void
}

/** Queries a run with steps once and reports its status. */
export function lookAtSteps(run: StartedRun, progress: Progress): () => Promise<void> {
  return async () => {
    const status = await run.handle.query<StepsStatus>('status')
    progress.steps?.(status, run.workflowId)
  }
}

/** Text for each of Temporal's names for the end of a workflow. */
export const ENDS: Readonly<Record<string, string>> = {
  COMPLETED: 'ended',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed out',
}

/**
 * The error for a workflow that accepts no message because it has ended, or because Temporal knows no run of it.
 * @param what the beginning of a sentence: `The set-up of acme-dynamics`.
 * @param path of the input that names the workflow.
 * @returns AppError `run_not_found`.
 */
export async function notRunning(
  { client }: Pick<TemporalClient, 'client'>,
  workflowId: string,
  what: string,
  { path, value }: { readonly path: string; readonly value: string },
): Promise<AppError> {
  const found = await client.workflow
    .getHandle(workflowId)
    .describe()
    .catch(() => null)
  const end = found === null ? undefined : ENDS[found.status.name]
  const message =
    found === null || end === undefined
      ? `${what} is not running, and Temporal remembers no run of it.`
      : `${what} has ${end === 'ended' ? end : `ended (${end})`}, at ${found.closeTime?.toISOString() ?? 'some time'}.`
  return new AppError('run_not_found', message, { path, value })
}
