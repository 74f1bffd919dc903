import type { SetupStatus } from '../../contracts/setup.js'
import { percentOf, remainingSecondsOf } from '../steps/board.js'
import { StepsState, type CarriedSteps } from '../steps/state.js'
import { detailsOf } from './details.js'

/** What one run of set-up hands to the next. */
export interface CarriedSetup extends CarriedSteps {
  readonly crm: string
  readonly runId: string
}

/** Everything that a set-up knows of itself. */
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

  /** Answer of the query `status`. */
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
