import type { DisconnectStatus } from '../../contracts/lifecycle-activities.js'
import { workflowIds } from '../../contracts/names.js'
import type { SetupStatus } from '../../contracts/setup.js'
import type { Output } from '../output.js'
import { plain } from '../setup/paint.js'
import { choiceLines, pauseLines } from '../setup/pause-lines.js'
import { workOf } from '../setup/work.js'
import type { StartedRun } from '../../client/start-or-join.js'

/** What every workflow with steps answers to `status`; only set-up tells who holds it back. */
type Progress = Pick<SetupStatus, 'connectionId' | 'percent' | 'steps'> &
  Partial<Pick<SetupStatus, 'heldBy'> & Pick<DisconnectStatus, 'removeInstalled'>>

/**
 * Tells each step once when it begins, ends, or stops; but of a preview also what it waits for, with what can be done
 * about it, once for each reason.
 */
export function setupProgress(run: StartedRun, output: Output): () => Promise<void> {
  const told = new Map<string, string>()
  const tellOnce = (key: string, what: string, lines: () => readonly string[]) => {
    if (told.get(key) !== what) {
      told.set(key, what)
      lines().forEach((line) => output.note(line))
    }
  }
  return async () => {
    const status = await run.handle.query<Progress>('status')
    const { connectionId, percent, steps, removeInstalled } = status
    for (const { id, title, state } of steps) {
      if (state !== 'pending') {
        tellOnce(id, state, () => [`${String(percent).padStart(3)} %  ${title}: ${state}`])
      }
    }
    if (run.workflowId === workflowIds.setupPreview(connectionId)) {
      return
    }
    const work = removeInstalled === undefined ? 'setup' : workOf({ removeInstalled })
    for (const { id: stepId, state, pause } of steps) {
      if (state === 'paused' && pause !== null) {
        const waiting = { connectionId, stepId, pause, work }
        tellOnce(`pause of ${stepId}`, `${pause.code} ${pause.message}`, () => [
          ...pauseLines(waiting, plain),
          ...choiceLines(waiting, plain),
        ])
      }
    }
    const { heldBy = null } = status
    tellOnce('held', heldBy?.at ?? '', () =>
      heldBy === null
        ? []
        : [`Held back by ${heldBy.by}; see \`lbsync setup status ${connectionId}\`.`],
    )
  }
}
