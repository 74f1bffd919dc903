import { setCurrentDetails } from '@temporalio/workflow'
import type { Phase } from '../../contracts/names.js'
import type { SetupOverride, SetupStatus, StepChoice } from '../../contracts/setup.js'
import { mark } from '../phase.js'
import { detailsOf } from './details.js'
import { ended, percentOf, remainingSecondsOf, type Board } from '../steps/board.js'

/** What one run of the workflow hands to the next, so that a history stays short however long somebody waits. */
export interface CarriedSetup {
  readonly crm: string
  readonly runId: string
  readonly board: Board
  readonly heldBy: SetupStatus['heldBy']
  readonly messages: SetupStatus['messages']
  readonly rechecks: number
  readonly choice: StepChoice | null
}

const MAX_MESSAGES = 10

/** Everything that a set-up knows of itself; whatever changes it shows it. */
export class SetupState {
  crm = ''
  board: Board = []
  result: SetupStatus['result'] = null
  heldBy: SetupStatus['heldBy'] = null
  /** Accepted, and not taken up yet. */
  decision: SetupOverride | null = null
  /** A decision is being carried out. */
  deciding = false
  /** How often the present pause was looked at again by itself. */
  rechecks = 0
  /** What Support has chosen for the step that is not done yet; it stands until the step has ended. */
  choice: StepChoice | null = null
  /** Ends the try that is running; null: none is. */
  cutOff: (() => void) | null = null
  /** What the search attribute says. */
  #shown: Phase = 'running'
  /** It waits for Support to let it go on. */
  #resting = false
  #broken = false
  #messages: SetupStatus['messages'] = []
  #share = 0

  constructor(
    readonly connectionId: string,
    readonly runId: string,
    carried: CarriedSetup | undefined,
  ) {
    if (carried) {
      this.crm = carried.crm
      this.board = carried.board
      this.heldBy = carried.heldBy
      this.rechecks = carried.rechecks
      this.choice = carried.choice
      this.#messages = carried.messages
      this.#shown = this.phase
    }
  }

  /** Follows from everything else, so that it can never tell another story. */
  get phase(): Phase {
    if (this.result === 'aborted' || this.#broken) {
      return 'failed'
    }
    if (this.result === 'done') {
      return 'done'
    }
    const waits = this.#resting || this.board.some(({ status }) => status.state === 'paused')
    return waits ? 'paused' : 'running'
  }

  /** Answer of the query `status`. */
  status(): SetupStatus {
    return {
      connectionId: this.connectionId,
      phase: this.phase,
      percent: percentOf(this.board, this.#share),
      remainingSeconds: remainingSecondsOf(this.board, this.#share, Date.now()),
      result: this.result,
      heldBy: this.heldBy,
      steps: this.board.map(({ status }) => status),
      messages: this.#messages,
    }
  }

  /** For the next run of the workflow. */
  carry(): CarriedSetup {
    const { crm, runId, board, heldBy, rechecks, choice } = this
    return { crm, runId, board, heldBy, messages: this.#messages, rechecks, choice }
  }

  /** The steps have changed. */
  toBoard(board: Board): void {
    this.board = board
    this.#share = 0
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

  /** How much of the running step is done, 0–1. */
  toShare(share: number): void {
    this.#share = share
    this.#show()
  }

  /** Tells whoever looks what a message came to. */
  say(text: string): void {
    const message = { at: new Date().toISOString(), text }
    this.#messages = [...this.#messages, message].slice(-MAX_MESSAGES)
    this.#show()
  }

  #show(): void {
    const { connectionId, phase } = this
    if (phase !== this.#shown) {
      this.#shown = phase
      mark({ connectionId, phase })
    }
    setCurrentDetails(detailsOf(this.status()))
  }
}
