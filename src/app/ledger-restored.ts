import { randomUUID } from 'node:crypto'
import { AppError } from '../contracts/app-error.js'
import { QUEUES } from '../contracts/names.js'
import { appendOverride } from '../ledger/connection/overrides.js'
import { raiseEpochs } from '../ledger/connection/connection-life.js'
import { countLiveLeases } from '../ledger/address/leases.js'
import type { Database } from '../ledger/db/database.js'
import type { Evidence } from './require-evidence.js'
import { userName, withLedger, withTemporal } from './resources.js'

/** The answer of `ledger restored`. */
export interface LedgerRestored {
  /** Connections that begin a new epoch. */
  readonly connections: readonly string[]
}

/** Cron workflows are left out because they hold nothing of the ledger. */
const RUNNING =
  `ExecutionStatus = 'Running' AND WorkflowType != 'backgroundSweep' AND TaskQueue IN (` +
  `${Object.values(QUEUES)
    .map((queue) => `'${queue}'`)
    .join(', ')})`

/**
 * Begins a new epoch of every connection after the ledger was restored from a backup.
 * @throws AppError `ledger_in_use` while workflows run or leases are held; the errors of ledger and Temporal.
 */
export async function noteRestored(evidence: Evidence): Promise<LedgerRestored> {
  const { count } = await withTemporal(({ client }) => client.workflow.count(RUNNING))
  if (count > 0) {
    throw inUse(`${count} workflows run that may refer to what the ledger has lost.`, count)
  }
  return withLedger((db) => beginNewEpoch(db, evidence, userName()))
}

/**
 * Raises every connection's epoch and stores an override for each, in one transaction. @throws AppError
 * `ledger_in_use`.
 */
export function beginNewEpoch(
  db: Database,
  { reason, by }: Evidence,
  osUser: string,
): Promise<LedgerRestored> {
  return db.transaction(async (tx) => {
    const leases = await countLiveLeases(tx)
    if (leases > 0) {
      throw inUse(`${leases} leases have not run out: somebody works on the ledger.`, leases)
    }
    const connections = await raiseEpochs(tx)
    for (const connectionId of connections) {
      await appendOverride(tx, {
        overrideId: randomUUID(),
        connectionId,
        subject: 'ledger',
        action: 'restored',
        reason,
        by,
        detail: { osUser },
      })
    }
    return { connections }
  })
}

function inUse(message: string, count: number): AppError {
  return new AppError('ledger_in_use', message, { value: String(count) })
}
