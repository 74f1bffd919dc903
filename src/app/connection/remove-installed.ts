import type { StepStatus } from '../../contracts/setup.js'
import { AppError } from '../../contracts/app-error.js'
import { findConnection, type ConnectionState } from '../../ledger/connection/connections.js'
import type { Progress } from '../progress.js'
import { withLedger, withTemporal } from '../resources.js'
import { requireConnection } from './connection-view.js'
import { runDisconnect } from './disconnect-run.js'
import type { Evidence } from '../require-evidence.js'

/** What `connection remove-installed` answers. */
export interface RemovedInstallation {
  readonly connectionId: string
  readonly state: ConnectionState
  readonly workflowId: string
  /** The same was being done already. */
  readonly joined: boolean
  /** `aborted` where Support ended it; null where it was not waited for. */
  readonly result: 'done' | 'aborted' | null
  readonly steps: readonly Pick<StepStatus, 'id' | 'title' | 'state' | 'note'>[]
}

/**
 * Disables a connection and removes what set-up installed in the CRM.
 * @throws AppError `value_missing`, `connection_not_found`, `connection_paused`, `temporal_unreachable`.
 */
export function removeInstalled(
  request: Evidence & { readonly connectionId: string },
  options: { readonly wait: boolean; readonly progress: Progress },
): Promise<RemovedInstallation> {
  const { connectionId } = request
  return withLedger(async (db) => {
    const connection = await requireConnection(db, connectionId)
    if (connection.state === 'paused') {
      throw new AppError(
        'connection_paused',
        `Connection ${connectionId} is paused: what the CRM holds could not be brought to eMarketeer first.`,
        { path: 'connectionId', value: connectionId },
      )
    }
    return withTemporal(async (temporal) => {
      const { reason, by } = request
      const input = { connectionId, reason, by, removeInstalled: true }
      const { run, status } = await runDisconnect(temporal, input, options)
      const state = (await findConnection(db, connectionId))?.state ?? connection.state
      return {
        connectionId,
        state,
        workflowId: run.workflowId,
        joined: run.joined,
        result: status?.result ?? null,
        steps: (status?.steps ?? []).map(({ id, title, state: at, note }) => ({
          id,
          title,
          state: at,
          note,
        })),
      }
    })
  })
}
