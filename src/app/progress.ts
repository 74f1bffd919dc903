import type { DisconnectStatus } from '../contracts/lifecycle-activities.js'
import type { SetupStatus } from '../contracts/setup.js'
import type { StartedRun } from '../client/start-or-join.js'

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
