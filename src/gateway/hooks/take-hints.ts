import { permitsOf } from '../../domain/connection-state.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'
import type { Queryable } from '../../ledger/db/database.js'
import { putHints, type InboxHint } from '../../ledger/run/inbox.js'
import type { InboxSignals } from '../inbox-signals.js'

/**
 * Stores hints, then wakes the workflows of their shards. While a connection is set up or paused they are only stored:
 * they count at the send gate (G7), and are handled by the first hint or sweep after. Paused with opt-outs flowing it
 * acts on them, and withholds what loosens.
 *
 * @throws AppError `database_unreachable`: nothing was stored, the sender has to send it again.
 */
export async function takeHints(
  db: Queryable,
  signals: InboxSignals,
  connection: ConnectionRow,
  hints: readonly InboxHint[],
): Promise<void> {
  if (hints.length === 0) {
    return
  }
  await putHints(db, connection.connectionId, hints)
  // A repeated hint wakes it as well: the first one may have been stored while Temporal was away.
  if (permitsOf(connection).hints === 'acted on') {
    new Set(hints.map((hint) => hint.shard)).forEach((shard) => signals.notify(connection, shard))
  }
}
