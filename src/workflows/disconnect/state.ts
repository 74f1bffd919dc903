import { setCurrentDetails } from '@temporalio/workflow'
import type { DisconnectPlan, DisconnectStatus } from '../../contracts/life-activities.js'
import type { Phase } from '../../contracts/names.js'
import type {
  DisconnectInput,
  SetupOverride,
  SetupPause,
  StepChoice,
} from '../../contracts/setup.js'
import { mark } from '../phase.js'
import { disconnectStatusQuery } from './messages.js'
import {
  answer,
  refuseOtherSignals,
  takeSignal,
  takeUpdate,
  type MessageSchema,
} from '../receive.js'
import { plainText } from '../markdown.js'
import { judgeOverride, orThrow, type Situation } from '../steps/judge-message.js'
import { OVERRIDE, overrideSignal, overrideUpdate } from '../steps/messages.js'
import { begun, ended, paused, percentOf, type Board } from '../steps/board.js'

const MAX_MESSAGES = 10

/** What one run of the workflow hands to the next, so that a history stays short however long somebody waits. */
export interface CarriedDisconnect {
  readonly plan: DisconnectPlan
  readonly board: Board
  readonly messages: DisconnectStatus['messages']
  readonly choice: StepChoice | null
}

/** Everything that a disconnect knows of itself; whatever changes it shows it. */
export class DisconnectState {
  board: Board = []
  result: DisconnectStatus['result'] = null
  /** Accepted, and not taken up yet. */
  decision: SetupOverride | null = null
  /** What Support has chosen for the step that is not done yet. */
  choice: StepChoice | null = null
  #phase: Phase = 'running'
  #messages: DisconnectStatus['messages'] = []

  constructor(
    readonly input: DisconnectInput,
    carried?: CarriedDisconnect,
  ) {
    if (carried) {
      this.board = carried.board
      this.choice = carried.choice
      this.#messages = carried.messages
      this.#phase = 'paused'
    }
    const refuse = (text: string) => this.say(text)
    const override: MessageSchema<SetupOverride> = {
      description: OVERRIDE,
      judge: (given) => orThrow(judgeOverride(given, this.#situation())),
    }
    answer(disconnectStatusQuery, 'How it stands: steps, and what it waits for.', () =>
      this.status(),
    )
    takeSignal(overrideSignal, override, (message) => this.#accept(message), refuse)
    takeUpdate(overrideUpdate, override, (message) => {
      this.#accept(message)
      return { accepted: true, step: message.step, action: message.action }
    })
    refuseOtherSignals(refuse)
    if (carried) {
      setCurrentDetails(detailsOf(this.status()))
    }
  }

  /** Answer of the query `status`. */
  status(): DisconnectStatus {
    const { connectionId, removeInstalled } = this.input
    return {
      connectionId,
      removeInstalled,
      phase: this.#phase,
      percent: this.result === 'done' ? 100 : percentOf(this.board),
      result: this.result,
      steps: this.board.map(({ status }) => status),
      messages: this.#messages,
    }
  }

  get phase(): Phase {
    return this.#phase
  }

  /** For the next run of the workflow. */
  carry(plan: DisconnectPlan): CarriedDisconnect {
    return { plan, board: this.board, messages: this.#messages, choice: this.choice }
  }

  begin(step: string): void {
    this.#to(begun(this.board, step, Date.now()), 'running')
  }

  end(step: string, state: 'done' | 'skipped' | 'failed', note: string | null): void {
    this.#to(ended(this.board, step, state, note, Date.now()), 'running')
  }

  pause(step: string, pause: SetupPause): void {
    this.#to(paused(this.board, step, pause), 'paused')
  }

  /** It is over. */
  finish(result: 'done' | 'aborted'): void {
    this.result = result
    this.#to(this.board, result === 'done' ? 'done' : 'failed')
  }

  /** The workflow itself ends early: cancelled in Temporal, or it could not even begin. */
  fail(): void {
    const open = this.board.find(
      ({ status: { state } }) => state === 'running' || state === 'paused',
    )
    const note = 'It was ended in Temporal, or could not go on'
    const board =
      open === undefined
        ? this.board
        : ended(this.board, open.status.id, 'failed', note, Date.now())
    this.#to(board, 'failed')
  }

  #to(board: Board, phase: Phase): void {
    this.board = board
    if (phase !== this.#phase) {
      this.#phase = phase
      mark({ connectionId: this.input.connectionId, phase })
    }
    setCurrentDetails(detailsOf(this.status()))
  }

  #accept(override: SetupOverride): void {
    this.decision = override
    this.say(`override of ${override.step}: ${override.action}, by ${override.by}`)
  }

  /** A signal has no answer: whoever looks is told here what came of it. */
  say(text: string): void {
    const message = { at: new Date().toISOString(), text }
    this.#messages = [...this.#messages, message].slice(-MAX_MESSAGES)
    setCurrentDetails(detailsOf(this.status()))
  }

  #situation(): Situation {
    return {
      board: this.board,
      held: false,
      decided: this.decision !== null,
      deciding: false,
      ended: this.result !== null,
    }
  }
}

/** Status in plain words, as Temporal's UI shows it (Markdown). */
function detailsOf({ result, percent, steps, messages }: DisconnectStatus): string {
  const headline = {
    done: '**Disconnected.** Apply the connection file to enable it again.',
    aborted: '**Aborted.** What was done stays done.',
    running: `**${percent} %**`,
  }[result ?? 'running']
  const lines = steps.map(
    ({ title, state, note }) =>
      `- ${state}: ${title}${note === null ? '' : ` (${plainText(note)})`}`,
  )
  const waiting = steps.find(({ state }) => state === 'paused')?.pause
  const pause = waiting
    ? ['', `**Waiting:** ${plainText(waiting.message)}`, `Choices: ${waiting.choices.join(', ')}`]
    : []
  const last = messages.at(-1)
  const told = last ? ['', `Last message: ${plainText(last.text)}`] : []
  return [headline, '', ...lines, ...pause, ...told].join('\n')
}
