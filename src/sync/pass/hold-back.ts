import {
  dropLoosenings,
  looseningsAt,
  noteRefusals,
  stageLoosenings,
  type StoredLoosening,
} from '../../ledger/run/runs.js'
import { meaningOf, NOTHING_MAPPED, type RichValue } from '../../domain/tenant-basis.js'
import { cellIdOf, type DecidedCell } from './decide-cells.js'
import {
  loosens,
  makesMailable,
  newlyMappedIn,
  type PlannedCell,
} from '../../domain/reconcile/index.js'
import type { BatchOptions } from './batch.js'
import type { SyncSession } from '../../connection/session.js'
import type { LegalBasis } from '../../domain/legal-basis.js'
import { RICH_RULE } from './rule.js'

/** Which decisions may be written in this pass (rule F4). */
export interface HeldBack {
  readonly apply: readonly DecidedCell[]
  /** Stay due: for the end of their run, or until the connection is resumed. */
  readonly waiting: readonly DecidedCell[]
  /** Of those to apply: the ones that an approval allows; it is spent when they are written. */
  readonly approved: readonly DecidedCell[]
}

/** Whether a loosening was rejected, and nobody has acted since. */
function isRefused(cell: DecidedCell, stored: StoredLoosening | undefined): boolean {
  return (
    stored?.state === 'rejected' &&
    (stored.refusedFor === null || stored.refusedFor === whatStands(cell))
  )
}

/** What people have set at a cell, on the two sides that are read: another text when somebody acts, or the file changes. */
function whatStands({ observation }: DecidedCell): string {
  const { emarketeer, records, basisMapping = NOTHING_MAPPED } = observation
  const [oldest] = records
  const meaning = oldest && meaningOf(oldest.value as RichValue, basisMapping)
  return JSON.stringify([
    emarketeer.basis,
    emarketeer.lastPositiveActMs,
    oldest?.recordId,
    oldest?.value,
    meaning,
  ])
}

/**
 * Holds loosening decisions back: those that already wait for an approval, or were refused it, and, where the run settles
 * at its end, those that would make somebody mailable. What no longer loosens is taken off the waiting list. Of a decision
 * that also tightens, that part is applied.
 */
export async function holdBack(
  session: SyncSession,
  cells: readonly DecidedCell[],
  mode: BatchOptions['loosening'],
): Promise<HeldBack> {
  const { db, run } = session
  const known = await looseningsAt(db, [...new Set(cells.map((cell) => cell.row.addressId))])
  const { dropped, refused, staged, ...held } = sortLoosenings(cells, known, mode)
  await db.transaction(async (tx) => {
    await dropLoosenings(tx, dropped.map(cellIdOf))
    await noteRefusals(
      tx,
      refused.map((cell) => ({ ...cellIdOf(cell), refusedFor: whatStands(cell) })),
    )
    await stageLoosenings(
      tx,
      run,
      staged.map((cell) => ({ ...cellIdOf(cell), line: cell.decision.line })),
    )
  })
  return held
}

/** {@link HeldBack}, and what becomes of the waiting list. */
interface SortedLoosenings extends HeldBack {
  /** Are taken off it. */
  readonly dropped: readonly DecidedCell[]
  /** Were refused, and it is not noted yet for what. */
  readonly refused: readonly DecidedCell[]
  /** Are put on it. */
  readonly staged: readonly DecidedCell[]
}

/** The same, pure. @param known the waiting list of these cells' addresses. */
export function sortLoosenings(
  cells: readonly DecidedCell[],
  known: readonly StoredLoosening[],
  mode: BatchOptions['loosening'],
): SortedLoosenings {
  const byCell = new Map(known.map((l) => [`${l.addressId} ${l.cellKey}`, l]))
  const storedOf = (cell: DecidedCell) => byCell.get(`${cell.row.addressId} ${cell.cellKey}`)
  const refused = new Set(
    cells.filter((cell) => isLoosening(cell) && isRefused(cell, storedOf(cell))),
  )
  // Somebody has acted since it was refused: as if it had never been asked.
  const stateOf = (cell: DecidedCell) => {
    const state = storedOf(cell)?.state
    return state === 'rejected' && !refused.has(cell) ? 'lapsed' : state
  }
  const held = cells.filter((cell) => isLoosening(cell) && stateOf(cell) === 'held')
  const decided = ['held', 'approved', 'rejected']
  const staged = cells.filter(
    (cell) =>
      mode === 'stage' &&
      makesMailable(plannedCell(cell)) &&
      !decided.includes(stateOf(cell) ?? ''),
  )
  const withheld = mode === 'withhold' ? cells.filter(isLoosening) : []
  const waits = new Set([...held, ...refused, ...staged, ...withheld])
  const settled = cells.filter(
    (cell) => !waits.has(cell) && stateOf(cell) !== undefined && stateOf(cell) !== 'approved',
  )
  const lapsed = cells.filter((cell) => stateOf(cell) === 'lapsed')
  return {
    apply: cells.flatMap((cell) => {
      const part = waits.has(cell) ? tighteningPart(cell) : cell
      return part ? [part] : []
    }),
    waiting: [...staged, ...withheld],
    approved: cells.filter((cell) => !waits.has(cell) && stateOf(cell) === 'approved'),
    dropped: [...settled, ...lapsed],
    refused: [...refused].filter((cell) => storedOf(cell)?.refusedFor === null),
    staged,
  }
}

function isLoosening(cell: DecidedCell): boolean {
  return loosens(plannedCell(cell))
}

/** As the rule judges what a cell loosens. */
function plannedCell(cell: DecidedCell): PlannedCell {
  return {
    ...cell,
    values: cell.rule === RICH_RULE ? 'rich' : 'toggle',
    emarketeerBasis: cell.row.basis,
  }
}

/**
 * The part of a waiting cell that tightens, which waits for nothing (I9): a deny carried onto a younger twin, while the
 * oldest is loosened. null where there is none. Where a deny is carried nothing is provably later, so that what is
 * observed now takes no proof away from the part that waits.
 */
export function tighteningPart(cell: DecidedCell): DecidedCell | null {
  const { decision, observation, memory, rule, row, plan } = cell
  if (plan.writes.every((write) => write.loosens)) {
    return null
  }
  const loosened = new Set(
    plan.writes.flatMap((write) => (write.side === 'crm' && write.loosens ? [write.recordId] : [])),
  )
  const values = new Map(observation.records.map((record) => [record.recordId, record.value]))
  const part = {
    ...decision,
    // What waits is taken up when it is applied.
    unmapped: [...decision.unmapped, ...newlyMappedIn(cell)],
    emarketeerTarget: plan.writes.some((w) => w.side === 'emarketeer' && w.loosens)
      ? (row.basis as LegalBasis)
      : decision.emarketeerTarget,
    recordTargets: decision.recordTargets.map(({ recordId, target }) => ({
      recordId,
      target: loosened.has(recordId) ? values.get(recordId)! : target,
    })),
  }
  return { ...cell, decision: part, plan: rule.plan(observation, memory, part) }
}
