import type { SetupPause } from '../../contracts/setup.js'
import { recheckAfterMs } from '../../workflows/setup/recheck.js'
import { choiceWords } from './choice-words.js'
import { overrideLines } from './override-lines.js'
import type { Paint } from './paint.js'
import { safeText } from '../terminal-text.js'
import { seenLines } from './seen-lines.js'
import { WORK_WORDS, type Work } from './work.js'

/** Which step of which set-up waits. */
export interface WaitingStep {
  readonly connectionId: string
  readonly stepId: string
  readonly pause: SetupPause
  /** Absent: set-up. */
  readonly work?: Work
}

/** Why a step waits and what was seen. */
export function pauseLines({ pause }: Pick<WaitingStep, 'pause'>, paint: Paint): readonly string[] {
  const seen = seenLines(pause.seen)
  return [
    `${paint('yellow', `Waits (${pause.code}):`)} ${safeText(pause.message)}`,
    ...(seen.length === 0 ? [] : ['Seen:', ...seen.map((line) => `  ${line}`)]),
  ]
}

/** What Support can do about it: each choice in words, with commands to be pasted. */
export function choiceLines(
  { connectionId, stepId, pause, work = 'setup' }: WaitingStep,
  paint: Paint,
): readonly string[] {
  const again = work === 'setup' ? againWords(pause) : WORK_WORDS[work].again
  return [
    `${again} Choices (fill in who and why; both are kept as evidence):`,
    ...pause.choices.flatMap((action) => [
      `  ${paint('bold', action)}: ${choiceWords(action, stepId, pause.code, work)}`,
      ...overrideLines(connectionId, stepId, action, pause).flatMap(({ name, command }) => [
        ...(name === '' ? [] : [`    ${name}:`]),
        `    ${paint('cyan', command)}`,
      ]),
    ]),
  ]
}

function againWords({ code }: SetupPause): string {
  return recheckAfterMs(code, 0) === null
    ? 'It waits until somebody chooses.'
    : 'It is looked at again by itself, first after 5 minutes, then less and less often, at least every hour.'
}
