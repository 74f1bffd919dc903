import { setCurrentDetails, workflowInfo } from '@temporalio/workflow'
import { AppError } from '../../contracts/app-error.js'
import type { Trigger } from '../../contracts/names.js'
import type { SetupOverride, SetupStatus, StepChoice } from '../../contracts/setup.js'
import { moved, STEPS_PHASE_TRANSITIONS, type StepsPhase } from '../../domain/transitions.js'
import { mark } from '../phase.js'
import { ended, type Board } from './board.js'
import type { Situation } from './judge-message.js'

/** What one run of the workflow hands to the next, so that a history stays short however long somebody waits. */
export interface CarriedSteps {
  readonly board: Board
  readonly messages: SetupStatus['messages']
  readonly choice: StepChoice | null
  /** This and `rechecks` are absent in what a disconnect of an earlier release hands on. */
  readonly heldBy?: SetupStatus['heldBy']
  readonly rechecks?: number
}

const MAX_MESSAGES = 10

/** Everything that a workflow of steps knows of itself; whatever changes it shows it. */
export abstract class StepsState {
  board: Board = []
  result: SetupStatus['result'] = null
  heldBy: SetupStatus['heldBy'] = null
  /** Accepted, and not taken up yet. */
  decision: SetupOverride | null = null
  /** A decision is being carried out. */
  deciding = false
  /** A step is being tried. */
  trying = false
  /** How often the present pause was looked at again by itself. */
  rechecks = 0
  /** What Support has chosen for the step that is not done yet; it stands until the step has ended. */
  choice: StepChoice | null = null
  /** Ends the try that is running; null: none is, or it cannot be ended. */
  cutOff: (() => void) | null = null
  messages: SetupStatus['messages'] = []
  /** How much of the running step is done, 0–1, where it tells. */
  protected share = 0
  /** What the search attribute says. */
  #shown: StepsPhase = 'running'
  /** It waits for Support to let it go on. */
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
      // A run hands on while a step waits, at no other moment.
      this.#shown = 'paused'
    }
  }

  /** The status as Temporal's UI shows it. */
  protected abstract details(): string

  /** Whether it waits for a person. */
  protected get waits(): boolean {
    return this.#resting || this.board.some(({ status }) => status.state === 'paused')
  }

  /** Follows from everything else, so that it can never tell another story. */
  get phase(): StepsPhase {
    if (this.result === 'aborted' || this.#broken) {
      return 'failed'
    }
    if (this.result === 'done') {
      return 'done'
    }
    return this.waits ? 'paused' : 'running'
  }

  /** What an override is judged by. */
  get situation(): Situation {
    return {
      board: this.board,
      held: this.heldBy !== null,
      decided: this.decision !== null,
      deciding: this.deciding,
      ended: this.result !== null,
    }
  }

  /** It has ended: by itself, or as Support has said so. */
  get isOver(): boolean {
    return this.result !== null
  }

  /** Support has aborted: it is done, or to be carried out. */
  get isAborted(): boolean {
    return this.isOver || this.decision?.action === 'abort'
  }

  /** For the next run of the workflow. */
  carry(): CarriedSteps {
    const { board, messages, choice, heldBy, rechecks } = this
    return { board, messages, choice, heldBy, rechecks }
  }

  /** What it can be found by, once that is known. */
  begin(crm: string, trigger: Trigger): void {
    mark({ connectionId: this.connectionId, crm, phase: this.phase, tier: trigger })
    this.#show()
  }

  /** The steps have changed. */
  toBoard(board: Board): void {
    this.board = board
    this.share = 0
    this.#show()
  }

  /** How much of the running step is done, 0–1. */
  toShare(share: number): void {
    this.share = share
    this.#show()
  }

  /** It waits for Support to let it go on, or does no more. */
  rest(resting: boolean): void {
    this.#resting = resting
    this.#show()
  }

  /** It is over. */
  end(result: 'done' | 'aborted'): void {
    this.result = result
    this.#show()
  }

  /** The workflow itself ends early: cancelled in Temporal, or it could not even begin. */
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

  /** Takes a decision that makes sense here. A try that hangs is not waited for where Support aborts. */
  accept(override: SetupOverride): void {
    this.decision = override
    this.say(`override of ${override.step}: ${override.action}, by ${override.by}`)
    if (override.action === 'abort') {
      this.cutOff?.()
    }
  }

  /** A signal has no answer: whoever looks is told here what came of it. */
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
 * What one run hands to the next is ours; whoever starts the workflow cannot make it up.
 * @param of what is started, in words.
 * @throws AppError `value_invalid`
 */
export function carriedIn({ carried }: { readonly carried?: unknown }, of: string): unknown {
  if (carried !== undefined && workflowInfo().continuedFromExecutionRunId === undefined) {
    const message = `carried is what one run of ${of} hands to the next; leave it out.`
    throw new AppError('value_invalid', message, { path: 'carried' })
  }
  return carried
}
