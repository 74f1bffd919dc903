import { setCurrentDetails } from '@temporalio/workflow'
import type { Phase } from '../../contracts/names.js'
import type { SetupOverride, SetupStatus } from '../../contracts/setup.js'
import { mark } from '../phase.js'
import { detailsOf } from './details.js'
import { percentOf, remainingSecondsOf, type Board } from './step-board.js'

/** What one run of the workflow hands to the next, so that a history stays short however long somebody waits. */
export interface CarriedSetup {
  readonly crm: string
  readonly runId: string
  readonly board: Board
  readonly heldBy: SetupStatus['heldBy']
  readonly messages: SetupStatus['messages']
  readonly rechecks: number
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
  #phase: Phase = 'running'
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
      this.#messages = carried.messages
    }
  }

  /** Answer of the query `status`. */
  status(): SetupStatus {
    return {
      connectionId: this.connectionId,
      phase: this.#phase,
      percent: percentOf(this.board, this.#share),
      remainingSeconds: remainingSecondsOf(this.board, this.#share),
      result: this.result,
      heldBy: this.heldBy,
      steps: this.board.map(({ status }) => status),
      messages: this.#messages,
    }
  }

  /** For the next run of the workflow. */
  carry(): CarriedSetup {
    const { crm, runId, board, heldBy, rechecks } = this
    return { crm, runId, board, heldBy, messages: this.#messages, rechecks }
  }

  /** The steps have changed. */
  toBoard(board: Board, phase: Phase = this.#phase): void {
    this.board = board
    this.#share = 0
    this.toPhase(phase)
  }

  /** Sets the phase, and the search attribute with it. */
  toPhase(phase: Phase): void {
    if (phase !== this.#phase) {
      this.#phase = phase
      mark({ connectionId: this.connectionId, phase })
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
    setCurrentDetails(detailsOf(this.status()))
  }
}
