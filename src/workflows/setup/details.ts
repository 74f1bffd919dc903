import type { SetupStatus, StepStatus } from '../../contracts/setup.js'
import { plainText } from '../markdown.js'

/** Status in plain words, as Temporal's UI shows it (Markdown). */
export function detailsOf(status: SetupStatus): string {
  const lines = [headline(status), '', ...status.steps.map(stepLine)]
  const waiting = status.steps.find((step) => step.pause !== null && step.state === 'paused')
  if (waiting?.pause) {
    const { code, message, choices } = waiting.pause
    lines.push(
      '',
      `**Waiting (${code}):** ${plainText(message)}`,
      '',
      `Choices: ${choices.join(', ')}`,
    )
  }
  const last = status.messages.at(-1)
  return [...lines, ...(last ? ['', `Last message: ${plainText(last.text)}`] : [])].join('\n')
}

function headline(status: SetupStatus): string {
  const { phase, percent, remainingSeconds, result, heldBy } = status
  if (result === 'done') {
    return '**Set up.** The sweep runs every half hour.'
  }
  if (result === 'aborted') {
    return '**Aborted.** Apply the connection again to run set-up anew.'
  }
  if (heldBy) {
    return `**${percent} %, held back by ${plainText(heldBy.by)}:** ${plainText(heldBy.reason)}`
  }
  const left = `about ${timeLeft(remainingSeconds)} left`
  return phase === 'paused'
    ? `**${percent} %, waits for a person**, then ${left}`
    : `**${percent} %**, ${left}`
}

function timeLeft(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}

const MARKS: Readonly<Record<StepStatus['state'], string>> = {
  pending: '·',
  running: '▶',
  paused: '⏸',
  done: '✔',
  skipped: '⤼',
  failed: '✖',
}

function stepLine({ state, title, note }: StepStatus): string {
  return `- ${MARKS[state]} ${title}${note === null ? '' : ` (${plainText(note)})`}`
}
