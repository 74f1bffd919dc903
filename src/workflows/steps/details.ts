import type { SetupPause, SetupStatus, StepState } from '../../contracts/setup.js'
import { plainText } from '../markdown.js'

/** How a workflow of steps words its status. */
export interface DetailsWords {
  readonly headline: string
  /** What stands before the title of a step. */
  readonly label: (state: StepState) => string
  /** What the step waits for, and what can be chosen. */
  readonly waiting: (pause: SetupPause) => readonly string[]
}

/** Status in plain words, as Temporal's UI shows it (Markdown). */
export function detailsIn(
  { steps, messages }: Pick<SetupStatus, 'steps' | 'messages'>,
  { headline, label, waiting }: DetailsWords,
): string {
  const lines = steps.map(
    ({ title, state, note }) =>
      `- ${label(state)} ${title}${note === null ? '' : ` (${plainText(note)})`}`,
  )
  const pause = steps.find(({ state }) => state === 'paused')?.pause
  const last = messages.at(-1)
  return [
    headline,
    '',
    ...lines,
    ...(pause ? ['', ...waiting(pause)] : []),
    ...(last ? ['', `Last message: ${plainText(last.text)}`] : []),
  ].join('\n')
}
