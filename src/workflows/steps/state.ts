import { setCurrentDetails, workflowInfo } from '@temporalio/workflow'
import { AppError } from '../../contracts/app-error.js'
import type { Trigger } from '../../contracts/names.js'
import type { SetupOverride, SetupStatus, StepChoice } from '../../contracts/setup.js'
import { moved, STEPS_PHASE_TRANSITIONS, type StepsPhase } from '../../domain/transitions.js'
import { mark } from '../phase.js'
import { ended, type Board } from './board.js'
import type { Situation } from './judge-message.js'

/** The state that one run passes to the next, so that a history stays short however long a wait lasts. */
export interface CarriedSteps {
  readonly board: Board
  readonly messages: SetupStatus['messages']
  readonly choice: StepChoice | null
  /** This and `rechecks` are absent in the state of a disconnect from an earlier release. */
  readonly heldBy?: SetupStatus['heldBy']
  readonly rechecks?: number
}

const MAX_MESSAGES = 10

/** State of a workflow of steps. Every change updates what the workflow shows. */
export abstract class StepsState {
  board: Board = []
  result: SetupStatus['result'] = null
  heldBy: SetupStatus['heldBy'] = null
  /** Accepted, and not handled yet. */
  decision: SetupOverride | null = null
  deciding = false
  trying = false
  /** Number of retries without a person during the present pause. */
  rechecks = 0
  /** Support's choice for the current step; it applies until the step has ended. */
  choice: StepChoice | null = null
  /** Ends the running try; null: none is running, or it cannot be ended. */
  cutOff: (() => void) | null = null
  messages: SetupStatus['messages'] = []
  /** Completed share of the running step, 0–1, if it reports one. */
  protected share = 0
  /** The value of the search attribute. */
  #shown: StepsPhase = 'running'
  /** The workflow waits for Support's release. */
  #resting = false
  #broken = false

  constructor(
    readonly connectionId: string,
    carried: CarriedSteps | undefined,
  ) {
    if (carried) {
      this.board = carried.board
      this.messages = carried.messages
      this.choice = carried.choice
      this.heldBy = carried.heldBy ?? null
      this.rechecks = carried.rechecks ?? 0
      // A run continues as new only while a step waits.
      this.#shown = 'paused'
    }
  }

  protected abstract details(): string

  /** Whether the workflow waits for a person. */
  protected get waits(): boolean {
    return this.#resting || this.board.some(({ status }) => status.state === 'paused')
  }

  /** Derived from the rest of the state. */
  get phase(): StepsPhase {
    if (this.result === 'aborted' || this.#broken) {
      return 'failed'
    }
    if (this.result === 'done') {
      return 'done'
    }
    return this.waits ? 'paused' : 'running'
  }

  /** The state against which an override is judged. */
  get situation(): Situation {
    return {
      board: this.board,
      held: this.heldBy !== null,
      decided: this.decision !== null,
      deciding: this.deciding,
      ended: this.result !== null,
    }
  }

  /** The workflow has ended, on its own or by Support's decision. */
  get isOver(): boolean {
    return this.result !== null
  }

  /** Support has aborted: carried out, or still to be carried out. */
  get isAborted(): boolean {
    return this.isOver || this.decision?.action === 'abort'
  }

  carry(): CarriedSteps {
    const { board, messages, choice, heldBy, rechecks } = this
    return { board, messages, choice, heldBy, rechecks }
  }

  /** Sets the search attributes once they are known. */
  begin(crm: string, trigger: Trigger): void {
    mark({ connectionId: this.connectionId, crm, phase: this.phase, tier: trigger })
    this.#show()
  }

  toBoard(board: Board): void {
    this.board = board
    this.share = 0
    this.#show()
  }

  toShare(share: number): void {
    this.share = share
    this.#show()
  }

  /** Notes whether the workflow waits for Support's release. */
  rest(resting: boolean): void {
    this.#resting = resting
    this.#show()
  }

  end(result: 'done' | 'aborted'): void {
    this.result = result
    this.#show()
  }

  /** Ends the workflow early: it was cancelled in Temporal, or could not begin. */
  fail(): void {
    const open = this.board.find(
      ({ status: { state } }) => state === 'running' || state === 'paused',
    )
    this.#broken = true
    if (open !== undefined) {
      const note = 'It was ended in Temporal, or could not go on'
      this.board = ended(this.board, open.status.id, 'failed', note, Date.now())
    }
    this.#show()
  }

  /** Accepts a valid decision. An abort does not wait for a try that hangs. */
  accept(override: SetupOverride): void {
    this.decision = override
    this.say(`override of ${override.step}: ${override.action}, by ${override.by}`)
    if (override.action === 'abort') {
      this.cutOff?.()
    }
  }

  /** Adds a message to the status, because a signal has no answer. */
  say(text: string): void {
    const message = { at: new Date().toISOString(), text }
    this.messages = [...this.messages, message].slice(-MAX_MESSAGES)
    this.#show()
  }

  #show(): void {
    const { connectionId, phase } = this
    if (phase !== this.#shown) {
      this.#shown = moved(STEPS_PHASE_TRANSITIONS, this.#shown, phase)
      mark({ connectionId, phase })
    }
    setCurrentDetails(this.details())
  }
}

/**
 * The state that a run passes to the next. Only the workflow itself may pass it, so that its starter cannot forge it.
 * @param of a noun for what is started.
 * @throws AppError `value_invalid`, not retryable.
 */
export function carriedIn({ carried }: { readonly carried?: unknown }, of: string): unknown {
  if (carried !== undefined && workflowInfo().continuedFromExecutionRunId === undefined) {
    const message = `carried is what one run of ${of} hands to the next; leave it out.`
    throw new AppError('value_invalid', message, { path: 'carried' })
  }
  return carried
}
