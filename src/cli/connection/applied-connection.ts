import type { ConnectionState } from '../../domain/connection-state.js'
import type { Output } from '../output.js'

/** How a file is applied. */
export interface ApplyOptions {
  readonly wait: boolean
  /** False: check and store only, so that set-up can be previewed before it makes anything. */
  readonly setup: boolean
  /** Who applies it; kept as evidence where it disables. */
  readonly by: string
  readonly output: Output
}

/** What `connection apply` answers. `workflowId`: of set-up, or of the disconnect. */
export interface AppliedConnection {
  readonly connectionId: string
  readonly state: ConnectionState
  readonly workflowId: string
  /** That workflow was running already: the steps that it has ended are not done again with new settings. */
  readonly joined: boolean
}
