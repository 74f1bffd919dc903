import type { TemporalClient } from '../config/temporal/temporal.js'
import type { QueueName } from '../contracts/names.js'
import type { StartedRun } from '../client/start-or-join.js'
import type { DisconnectStatus } from '../contracts/lifecycle-activities.js'
import type { SetupStatus } from '../contracts/setup.js'

/** How often progress is reported to whoever waits. */
const LOOK_EVERY_MS = 1_000
/** A worker that has just been started polls within this time. */
const PATIENCE_MS = 5_000
/** Task queue type of workflow tasks, as the server numbers it. */
const WORKFLOW_TASKS = 1

/** What is waited for. */
export interface Waiting {
  readonly temporal: TemporalClient
  readonly run: StartedRun
  readonly queue: QueueName
  readonly progress: Progress
  /** Reports what has changed since the last look; its errors are passed over. */
  readonly look?: () => Promise<void>
}

/**
 * Waits for a run's result, and reports progress meanwhile. Interrupting the command ends the waiting, not the workflow.
 *
 * @throws the client's WorkflowFailedError, turned into a catalogue error by `toKnownError`.
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
    // One more look: the last changes may lie between the last look and the end.
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

/** Without a worker the run would wait for ever, and nobody would know why. */
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

/** What every workflow with steps answers to `status`; only set-up says who holds it back. */
export type StepsStatus = Pick<SetupStatus, 'connectionId' | 'percent' | 'steps'> &
  Partial<Pick<SetupStatus, 'heldBy'> & Pick<DisconnectStatus, 'removeInstalled'>>

/** Whoever watches what was asked for: the command line's stderr, say. */
export interface Progress {
  /** A line for a person. */
  note(line: string): void
  /** How a run with steps stands, each second while it is waited for. */
  steps?(status: StepsStatus, workflowId: string): void
}

/** One look at a run with steps, passed on. */
export function lookAtSteps(run: StartedRun, progress: Progress): () => Promise<void> {
  return async () => {
    const status = await run.handle.query<StepsStatus>('status')
    progress.steps?.(status, run.workflowId)
  }
}
