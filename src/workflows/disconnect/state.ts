import { defineQuery } from '@temporalio/workflow'
import type { DisconnectPlan, DisconnectStatus } from '../../contracts/lifecycle-activities.js'
import type { DisconnectInput } from '../../contracts/setup.js'
import { plainText } from '../markdown.js'
import { answer } from '../receive.js'
import { percentOf } from '../steps/board.js'
import { detailsIn } from '../steps/details.js'
import type { Situation } from '../steps/judge-message.js'
import { takeOverrides } from '../steps/messages.js'
import { StepsState, type CarriedSteps } from '../steps/state.js'

/** How a disconnect stands. */
const statusQuery = defineQuery<DisconnectStatus>('status')

/** What one run of a disconnect hands to the next. */
export interface CarriedDisconnect extends CarriedSteps {
  readonly plan: DisconnectPlan
}

/** Everything that a disconnect knows of itself, and its messages. */
export class DisconnectState extends StepsState {
  constructor(
    readonly input: DisconnectInput,
    carried: CarriedDisconnect | undefined,
  ) {
    super(input.connectionId, carried)
    answer(statusQuery, 'How it stands: steps, and what it waits for.', () => this.status())
    takeOverrides(this)
  }

  /** Answer of the query `status`. */
  status(): DisconnectStatus {
    return {
      connectionId: this.connectionId,
      removeInstalled: this.input.removeInstalled,
      phase: this.phase,
      percent: percentOf(this.board),
      result: this.result,
      steps: this.board.map(({ status }) => status),
      messages: this.messages,
    }
  }

  /** Nothing holds a disconnect back: while a step is tried, a decision is all that Support can say. */
  override get situation(): Situation {
    return { ...super.situation, deciding: false }
  }

  /** A step that is tried again runs. */
  protected override get waits(): boolean {
    return super.waits && !this.trying
  }

  protected details(): string {
    const status = this.status()
    const headline = {
      done: '**Disconnected.** Apply the connection file to enable it again.',
      aborted: '**Aborted.** What was done stays done.',
      running: `**${status.percent} %**`,
    }[status.result ?? 'running']
    return detailsIn(status, {
      headline,
      label: (state) => `${state}:`,
      waiting: ({ message, choices }) => [
        `**Waiting:** ${plainText(message)}`,
        `Choices: ${choices.join(', ')}`,
      ],
    })
  }
}
