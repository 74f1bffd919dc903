import type { SetupOverride, SetupStatus } from '../../contracts/setup.js'
import type { Output } from '../output.js'
import type { StartedRun } from '../../client/start-or-join.js'

/**
 * Tells a set-up that was running already, and waits for a person, to try its step again: the file that was just applied
 * may hold what it waits for, like a new secret. One that Support holds back stays held back. Kept as evidence like every
 * decision; where no worker answers, or it goes on by itself, nothing is done.
 */
export async function wakeSetUp(run: StartedRun, by: string, output: Output): Promise<void> {
  try {
    const { steps, heldBy, result } = await run.handle.query<SetupStatus>('status')
    const waiting = steps.find(({ state }) => state === 'paused')
    if (waiting?.pause?.choices.includes('retry') !== true || heldBy !== null || result !== null) {
      return
    }
    const override: SetupOverride = { step: waiting.id, action: 'retry', reason: REASON, by }
    await run.handle.signal('override', override)
    output.note(`The step ${waiting.id} was waiting; it is tried again with these settings.`)
  } catch {
    output.note(`Whether ${run.workflowId} waits could not be asked; it goes on by itself.`)
  }
}

const REASON = 'applied the connection file again'
