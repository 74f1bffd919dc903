import { dropLoosenings, looseningsAt, stageLoosenings } from '../ledger/runs.js'
import { loosens, placeOf, type DecidedCell } from './decide-cells.js'
import type { BatchOptions } from './batch-options.js'
import type { SyncSession } from './session.js'

/** Which decisions may be written in this pass (rule F4). */
export interface HeldBack {
  readonly apply: readonly DecidedCell[]
  /** Wait for the end of their run. */
  readonly staged: readonly DecidedCell[]
  /** Of those to apply: the ones that an approval allows; it is spent when they are written. */
  readonly approved: readonly DecidedCell[]
}

/**
 * Holds loosening decisions back: those that already wait for an approval, and, where the run settles at its end, all
 * others. What no longer loosens is taken off the waiting list.
 */
export async function holdBack(
  session: SyncSession,
  cells: readonly DecidedCell[],
  mode: BatchOptions['loosening'],
): Promise<HeldBack> {
  const { db, run } = session
  const waiting = await looseningsAt(db, [...new Set(cells.map((cell) => cell.row.addressId))])
  const states = new Map(waiting.map((l) => [`${l.addressId} ${l.cellKey}`, l.state]))
  const stateOf = (cell: DecidedCell) => states.get(`${cell.row.addressId} ${cell.cellKey}`)
  const loosening = cells.filter(loosens)
  const held = loosening.filter((cell) => stateOf(cell) === 'held')
  const staged = loosening.filter(
    (cell) => !['held', 'approved'].includes(stateOf(cell) ?? '') && mode === 'stage',
  )
  const waits = new Set([...held, ...staged])
  const settled = cells.filter(
    (cell) => !waits.has(cell) && stateOf(cell) !== undefined && stateOf(cell) !== 'approved',
  )
  await db.transaction(async (tx) => {
    await stageLoosenings(
      tx,
      run,
      staged.map((cell) => ({ ...placeOf(cell), line: cell.decision.line })),
    )
    await dropLoosenings(tx, settled.map(placeOf))
  })
  return {
    apply: cells.filter((cell) => !waits.has(cell)),
    staged,
    approved: cells.filter((cell) => stateOf(cell) === 'approved'),
  }
}
