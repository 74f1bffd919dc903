import type { SetupPause, SetupStatus, StepState } from '../../contracts/setup.js'
import { plainText } from '../markdown.js'

export interface DetailsWords {
  readonly headline: string
  /** The mark before a step's title. */
  readonly label: (state: StepState) => string
  /** Lines on what the step waits for, and the choices. */
  readonly waiting: (pause: SetupPause) => readonly string[]
}

/** The status as text for Temporal's UI (Markdown). */
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
