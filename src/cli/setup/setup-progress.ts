import type { Progress, StepsStatus } from '../../app/await-result.js'
import { workOf } from '../../app/setup/look-at-setup.js'
import { workflowIds } from '../../contracts/names.js'
import type { Output } from '../output.js'
import { plain } from '../terminal-text.js'
import { choiceLines, pauseLines } from './pause-lines.js'

/**
 * Writes a line to stderr when a step begins, ends or stops. Except for a preview, also writes what it waits for and
 * what can be done about it, once per reason.
 */
export function setupProgress(output: Output): Progress {
  const noted = new Map<string, string>()
  const noteOnce = (key: string, what: string, lines: () => readonly string[]) => {
    if (noted.get(key) !== what) {
      noted.set(key, what)
      lines().forEach((line) => output.note(line))
    }
  }
  const steps = (status: StepsStatus, workflowId: string) => {
    const { connectionId, percent, steps, removeInstalled } = status
    for (const { id, title, state } of steps) {
      if (state !== 'pending') {
        noteOnce(id, state, () => [`${String(percent).padStart(3)} %  ${title}: ${state}`])
      }
    }
    if (workflowId === workflowIds.setupPreview(connectionId)) {
      return
    }
    const work = removeInstalled === undefined ? 'setup' : workOf({ removeInstalled })
    for (const { id: stepId, state, pause } of steps) {
      if (state === 'paused' && pause !== null) {
        const waiting = { connectionId, stepId, pause, work }
        noteOnce(`pause of ${stepId}`, `${pause.code} ${pause.message}`, () => [
          ...pauseLines(waiting, plain),
          ...choiceLines(waiting, plain),
        ])
      }
    }
    const { heldBy = null } = status
    noteOnce('held', heldBy?.at ?? '', () =>
      heldBy === null
        ? []
        : [`Held back by ${heldBy.by}; see \`lbsync setup status ${connectionId}\`.`],
    )
  }
  return { note: (line) => output.note(line), steps }
}
