import { ApplicationFailure, setCurrentDetails, setHandler } from '@temporalio/workflow'
import type { DisconnectStatus } from '../contracts/life-activities.js'
import type { Phase } from '../contracts/names.js'
import type { DisconnectInput, SetupOverride, SetupPause } from '../contracts/setup.js'
import { mark } from './phase.js'
import { disconnectStatusQuery } from './disconnect-messages.js'
import { judgeOverride, type Judged } from './setup/judge-message.js'
import { overrideSignal, overrideUpdate } from './setup/messages.js'
import { begun, ended, paused, percentOf, type Board } from './setup/step-board.js'

/** Everything that a disconnect knows of itself; whatever changes it shows it. */
export class DisconnectState {
  board: Board = []
  result: DisconnectStatus['result'] = null
  /** Accepted, and not taken up yet. */
  decision: SetupOverride | null = null
  #phase: Phase = 'running'

  constructor(readonly input: DisconnectInput) {
    setHandler(disconnectStatusQuery, () => this.status())
    // A signal cannot be answered: one that makes no sense changes nothing.
    setHandler(overrideSignal, (message) => {
      const judged = this.#judge(message)
      if ('accepted' in judged) {
        this.decision = judged.accepted
      }
    })
    setHandler(
      overrideUpdate,
      (message) => {
        const override = orThrow(this.#judge(message))
        this.decision = override
        return { accepted: true, step: override.step, action: override.action }
      },
      { validator: (message) => void orThrow(this.#judge(message)) },
    )
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
    }
  }

  begin(step: string): void {
    this.#to(begun(this.board, step, Date.now()), 'running')
  }

  end(step: string, state: 'done' | 'skipped' | 'failed', note: string | null): void {
    // Accepted while the step was tried again, which then succeeded by itself.
    this.decision = null
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

  #judge(message: unknown): Judged<SetupOverride> {
    return judgeOverride(message, {
      board: this.board,
      held: false,
      decided: this.decision !== null,
      deciding: false,
      ended: this.result !== null,
    })
  }
}

function orThrow(judged: Judged<SetupOverride>): SetupOverride {
  if ('refused' in judged) {
    throw ApplicationFailure.nonRetryable(judged.refused.text, judged.refused.code)
  }
  return judged.accepted
}

/** Status in plain words, as Temporal's UI shows it (Markdown). */
function detailsOf({ result, percent, steps }: DisconnectStatus): string {
  const headline = {
    done: '**Disconnected.** Apply the connection file to enable it again.',
    aborted: '**Aborted.** What was done stays done.',
    running: `**${percent} %**`,
  }[result ?? 'running']
  const lines = steps.map(
    ({ title, state, note }) => `- ${state}: ${title}${note === null ? '' : ` (${note})`}`,
  )
  const waiting = steps.find(({ state }) => state === 'paused')?.pause
  const pause = waiting
    ? ['', `**Waiting:** ${waiting.message}`, `Choices: ${waiting.choices.join(', ')}`]
    : []
  return [headline, '', ...lines, ...pause].join('\n')
}
