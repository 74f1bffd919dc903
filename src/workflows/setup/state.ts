import type { SetupStatus, StepState } from '../../contracts/setup.js'
import { percentOf, remainingSecondsOf } from '../steps/board.js'
import { StepsState, type CarriedSteps } from '../steps/state.js'
import { plainText } from '../markdown.js'
import { detailsIn } from '../steps/details.js'

/** The state that one run of set-up passes to the next. */
export interface CarriedSetup extends CarriedSteps {
  readonly crm: string
  readonly runId: string
}

export class SetupState extends StepsState {
  crm: string

  constructor(
    connectionId: string,
    readonly runId: string,
    carried: CarriedSetup | undefined,
  ) {
    super(connectionId, carried)
    this.crm = carried?.crm ?? ''
  }

  status(): SetupStatus {
    return {
      connectionId: this.connectionId,
      phase: this.phase,
      percent: percentOf(this.board, this.share),
      remainingSeconds: remainingSecondsOf(this.board, this.share, Date.now()),
      result: this.result,
      heldBy: this.heldBy,
      steps: this.board.map(({ status }) => status),
      messages: this.messages,
    }
  }

  override carry(): CarriedSetup {
    return { ...super.carry(), crm: this.crm, runId: this.runId }
  }

  protected details(): string {
    return detailsOf(this.status())
  }
}

/** The status as text for Temporal's UI (Markdown). */
export function detailsOf(status: SetupStatus): string {
  return detailsIn(status, {
    headline: headline(status),
    label: (state) => MARKS[state],
    waiting: ({ code, message, choices }) => [
      `**Waiting (${code}):** ${plainText(message)}`,
      '',
      `Choices: ${choices.join(', ')}`,
    ],
  })
}

function headline(status: SetupStatus): string {
  const { phase, percent, remainingSeconds, result, heldBy } = status
  if (result === 'done') {
    return '**Set up.** The sweep runs every half hour.'
  }
  if (result === 'aborted') {
    return '**Aborted.** Apply the connection again to run set-up again.'
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

const MARKS: Readonly<Record<StepState, string>> = {
  pending: '·',
  running: '▶',
  paused: '⏸',
  done: '✔',
  skipped: '⤼',
  failed: '✖',
}
