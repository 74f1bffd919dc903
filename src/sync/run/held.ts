import { randomUUID } from 'node:crypto'
import { LINES_OVER_NO_DENY } from '../../domain/reconcile/index.js'
import { markDue } from '../../ledger/address/addresses.js'
import { denyNow, forgetObservations } from '../../ledger/copy/cells.js'
import type { Database, Transaction } from '../../ledger/db/database.js'
import { appendOverride } from '../../ledger/connection/overrides.js'
import { decideHeld, dropLoosenings, type Loosening } from '../../ledger/run/runs.js'

/** Who decides upon everything that a connection holds, and why (rules E3, F4). */
export interface HeldVerdict {
  readonly connectionId: string
  readonly reason: string
  readonly by: string
  /** The operating system's name of whoever ran the command; what `by` says is whatever was typed. */
  readonly osUser?: string
}

/** What was decided upon. */
export interface HeldDecision {
  readonly cells: number
  /** To be passed over again; they are marked as due in any case. */
  readonly addressIds: readonly number[]
}

/**
 * Approves everything held. Each is decided afresh on what is read then, so that an opt-out that came meanwhile wins.
 */
export function approveHeld(db: Database, verdict: HeldVerdict): Promise<HeldDecision> {
  return db.transaction((tx) => decide(tx, verdict, 'approved'))
}

/**
 * Rejects everything held: the sides are brought together on the restrictive value. The rejection counts as a deny made
 * now, and what was observed is forgotten, so that no earlier act is provably later; a new act by a person still is. Where
 * nobody had denied there is no restrictive value: everything stays as it is, until somebody acts (`hold-back.ts`).
 */
export function rejectHeld(db: Database, verdict: HeldVerdict): Promise<HeldDecision> {
  return db.transaction((tx) =>
    decide(tx, verdict, 'rejected', async (cells) => {
      const overDeny = cells.filter(({ line }) => !LINES_OVER_NO_DENY.includes(line))
      await forgetObservations(tx, overDeny)
      // Without it, a time stamp in the CRM could prove its allow to be later, and the same loosening would come again.
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
