import { dropLoosenings, looseningsAt, stageLoosenings } from '../ledger/runs.js'
import { placeOf, type DecidedCell } from './decide-cells.js'
import { loosens, makesMailable, tighteningPart } from './loosening.js'
import type { BatchOptions } from './batch-options.js'
import type { SyncSession } from './session.js'

/** Which decisions may be written in this pass (rule F4). */
export interface HeldBack {
  readonly apply: readonly DecidedCell[]
  /** Stay due: for the end of their run, or until the connection is resumed. */
  readonly waiting: readonly DecidedCell[]
  /** Of those to apply: the ones that an approval allows; it is spent when they are written. */
  readonly approved: readonly DecidedCell[]
}

/**
 * Holds loosening decisions back: those that already wait for an approval, and, where the run settles at its end, those
 * that would make somebody mailable. What no longer loosens is taken off the waiting list. Of a decision that also
 * tightens, that part is applied.
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
  const held = cells.filter((cell) => loosens(cell) && stateOf(cell) === 'held')
  const decided = ['held', 'approved']
  const staged = cells.filter(
    (cell) => mode === 'stage' && makesMailable(cell) && !decided.includes(stateOf(cell) ?? ''),
  )
  const withheld = mode === 'withhold' ? cells.filter(loosens) : []
  const waits = new Set([...held, ...staged, ...withheld])
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
    apply: cells.flatMap((cell) => {
      const part = waits.has(cell) ? tighteningPart(cell) : cell
      return part ? [part] : []
    }),
    waiting: [...staged, ...withheld],
    approved: cells.filter((cell) => !waits.has(cell) && stateOf(cell) === 'approved'),
  }
}
