import { randomUUID } from 'node:crypto'
import { LINES_OVER_NO_DENY } from '../../domain/reconcile/index.js'
import { markDue } from '../../ledger/address/addresses.js'
import { denyNow, forgetObservations } from '../../ledger/copy/cells.js'
import type { Database, Transaction } from '../../ledger/db/database.js'
import { appendOverride } from '../../ledger/connection/overrides.js'
import { decideHeld, dropLoosenings, type Loosening } from '../../ledger/run/runs.js'

/** Who decides on everything that a connection holds, and why (rules E3, F4). */
export interface HeldVerdict {
  readonly connectionId: string
  readonly reason: string
  readonly by: string
  /** The operating system user who ran the command. `by`, in contrast, is free text. */
  readonly osUser?: string
}

export interface HeldDecision {
  readonly cells: number
  /** Addresses to sync again. They are already marked as due. */
  readonly addressIds: readonly number[]
}

/** Approves everything held. Each cell is read and decided again, so a newer opt-out wins. */
export function approveHeld(db: Database, verdict: HeldVerdict): Promise<HeldDecision> {
  return db.transaction((tx) => decide(tx, verdict, 'approved'))
}

/**
 * Rejects everything held: both sides take the restrictive value. The rejection counts as a deny made now, and the
 * observations are forgotten, so only a new act by a person is provably later. A cell that nobody has denied does not
 * change until somebody acts (`hold-back.ts`).
 */
export function rejectHeld(db: Database, verdict: HeldVerdict): Promise<HeldDecision> {
  return db.transaction((tx) =>
    decide(tx, verdict, 'rejected', async (cells) => {
      const overDeny = cells.filter(({ line }) => !LINES_OVER_NO_DENY.includes(line))
      await forgetObservations(tx, overDeny)
      // Without this a stamp in the CRM could prove its allow to be later, and the same loosening would return.
      await denyNow(tx, overDeny)
      await dropLoosenings(tx, overDeny)
    }),
  )
}

async function decide(
  tx: Transaction,
  { connectionId, reason, by, osUser }: HeldVerdict,
  state: 'approved' | 'rejected',
  also: (cells: readonly Loosening[]) => Promise<void> = async () => undefined,
): Promise<HeldDecision> {
  const cells = await decideHeld(tx, connectionId, state)
  const addressIds = [...new Set(cells.map((cell) => cell.addressId))].sort((a, b) => a - b)
  if (cells.length === 0) {
    return { cells: 0, addressIds }
  }
  await also(cells)
  await markDue(tx, addressIds)
  await appendOverride(tx, {
    overrideId: randomUUID(),
    connectionId,
    subject: 'held',
    action: state,
    reason,
    by,
    detail: {
      cells: cells.map(({ addressId, cellKey, line }) => ({ addressId, cellKey, line })),
      ...(osUser === undefined ? {} : { osUser }),
    },
  })
  return { cells: cells.length, addressIds }
}
