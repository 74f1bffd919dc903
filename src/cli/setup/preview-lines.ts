import type { PlannedChange, SetupPreview, StepPreview } from '../../contracts/setup.js'
import { choiceWords, pauseLines } from './pause-lines.js'
import { type Paint, type Style, safeText } from '../terminal-text.js'

/** A preview of set-up as lines: each step, each change, the diff of the form, and where set-up would pause. */
export function previewLines(preview: SetupPreview, paint: Paint): readonly string[] {
  const { connectionId, crm, steps } = preview
  const count = (state: StepPreview['state']) => steps.filter((step) => step.state === state).length
  const [changes, pauses] = [count('changes'), count('pauses')]
  return [
    paint('bold', `Set-up of ${safeText(connectionId)} (${safeText(crm)}) would do the following.`),
    `Steps that change something: ${changes} of ${steps.length}; steps that would wait for a person: ${pauses}. ` +
      'Nothing was changed now.',
    '',
    ...steps.flatMap((step) => stepLines(step, paint)),
    // A step is checked against the present state, not against the state after the steps before it.
    ...(pauses > 0 || changes > 0
      ? ['', 'A later step is judged as things are now; what earlier steps make may change it.']
      : []),
  ]
}

function stepLines(step: StepPreview, paint: Paint): readonly string[] {
  const { id, title, state, changes, pause } = step
  const note = step.note === null ? '' : `: ${safeText(step.note)}`
  const name = `${safeText(title)} ${paint('dim', `[${id}]`)}`
  switch (state) {
    case 'nothing':
      return [` ${paint('green', '✔')} ${name} ${paint('dim', `all there already${note}`)}`]
    case 'skipped':
      return [` ${paint('dim', '⤼')} ${name} ${paint('dim', `left out${note}`)}`]
    case 'changes':
      return [
        ` ${paint('cyan', '+')} ${name}`,
        ...changes.flatMap((change) => changeLines(change, paint)),
      ]
    case 'pauses':
      return [
        ` ${paint('yellow', '⏸')} ${name} would wait`,
        ...(pause === null ? [] : pauseBlock(id, pause, paint)),
      ]
  }
}

function changeLines({ what, diff }: PlannedChange, paint: Paint): readonly string[] {
  const lines = diff === undefined || diff === '' ? [] : diff.split('\n')
  return [
    `     ${safeText(what)}`,
    // Leading blanks are the indentation; only the rest is cleaned.
    ...lines.map((line) => `       ${diffLine(line, paint)}`),
  ]
}

function diffLine(line: string, paint: Paint): string {
  const style = diffStyle(line)
  const indent = /^[ +-]?\s*/.exec(line)?.[0].replaceAll('\t', '  ') ?? ''
  const text = `${indent}${safeText(line.slice(/^[ +-]?\s*/.exec(line)?.[0].length ?? 0))}`
  return style === null ? text : paint(style, text)
}

function diffStyle(line: string): Style | null {
  if (line.startsWith('@@')) {
    return 'cyan'
  }
  if (line.startsWith('+++') || line.startsWith('---')) {
    return 'bold'
  }
  return line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : null
}

function pauseBlock(
  stepId: string,
  pause: NonNullable<StepPreview['pause']>,
  paint: Paint,
): readonly string[] {
  const choices = pause.choices.map(
    (action) => `  ${action}: ${choiceWords(action, stepId, pause)}`,
  )
  return [...pauseLines({ pause }, paint), 'Choices there would be:', ...choices].map(
    (line) => `     ${line}`,
  )
}
