import { isRefused, type KeptIntervention } from '../../ledger/connection/connection-life.js'
import type { ConnectionRow, PauseMode } from '../../ledger/connection/connections.js'

/** What a person did, as it was kept; nulls where it was not done by a command of ours. */
export interface Told {
  readonly reason: string | null
  readonly by: string | null
  readonly since: string | null
}

/**
 * How and why a connection is paused. `loosening`: opt-outs flow, and what makes more mailable waits. `refused`: the
 * service itself has paused it, as the CRM refuses us; `reason` says what and what to do, and `by` is null.
 */
export interface PauseView extends Told {
  readonly mode: PauseMode | 'refused'
}

/** The state as it is shown: one that the CRM refuses is paused, though nobody has paused it. */
export function shownState(connection: ConnectionRow): ConnectionRow['state'] {
  return isRefused(connection) ? 'paused' : connection.state
}

/** The pause, or null. @param kept what brought it to its state, where a person did. */
export function pauseOf(
  connection: ConnectionRow,
  kept: KeptIntervention | null,
): PauseView | null {
  if (isRefused(connection)) {
    return {
      mode: 'refused',
      reason: connection.crmBlockedReason,
      by: null,
      since: connection.crmBlockedSince?.toISOString() ?? null,
    }
  }
  return connection.state === 'paused'
    ? { mode: connection.pauseMode ?? 'all', ...told(kept) }
    : null
}

/** What a person did, as it is shown. */
export function told(kept: KeptIntervention | null): Told {
  return {
    reason: kept?.reason ?? null,
    by: kept?.by ?? null,
    since: kept?.at.toISOString() ?? null,
  }
}
