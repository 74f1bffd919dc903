import type { DisablingFile } from '../../config/disabling-file.js'
import { AppError } from '../../contracts/app-error.js'
import { findConnection } from '../../ledger/connection/connections.js'
import { withLedger, withTemporal } from '../resources.js'
import type { AppliedConnection, ApplyOptions } from './applied-connection.js'
import { requireConnection } from './connection-view.js'
import { runDisconnect } from './disconnect-run.js'

/**
 * Disables a connection, as its file with `"crm":"none"` asks (C8). Safe to repeat.
 * @throws AppError `connection_not_found`; `value_invalid` for another account; `temporal_unreachable`.
 */
export function disableConnection(
  { connectionId, accountId }: DisablingFile,
  { wait, by, output }: ApplyOptions,
): Promise<AppliedConnection> {
  return withLedger(async (db) => {
    const connection = await requireConnection(db, connectionId)
    if (connection.accountId !== accountId) {
      throw new AppError(
        'value_invalid',
        `accountId is not valid: connection ${connectionId} belongs to ${connection.accountId}.`,
        { path: 'accountId', value: accountId },
      )
    }
    return withTemporal(async (temporal) => {
      const input = { connectionId, removeInstalled: false, reason: REASON, by }
      const { run, status } = await runDisconnect(temporal, input, { wait, output })
      for (const { state, note } of status?.steps ?? []) {
        if (state === 'skipped' && note !== null) {
          output.note(note)
        }
      }
      const state = (await findConnection(db, connectionId))?.state ?? connection.state
      return { connectionId, state, workflowId: run.workflowId, joined: run.joined }
    })
  })
}

const REASON = 'applied "crm":"none"'
