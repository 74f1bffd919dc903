import {
  countReleased,
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

/** Which decisions this pass may write (rule F4). */
export interface HeldBack {
  readonly apply: readonly DecidedCell[]
  /** Decisions that stay due until the end of their run, or until the connection is resumed. */
  readonly waiting: readonly DecidedCell[]
  /** Applied decisions that an approval allows; the write uses it up. */
  readonly approved: readonly DecidedCell[]
}

/** Whether a loosening was rejected and nobody has acted since. */
function isRefused(cell: DecidedCell, stored: StoredLoosening | undefined): boolean {
  return (
    stored?.state === 'rejected' &&
    (stored.refusedFor === null || stored.refusedFor === whatStands(cell))
  )
}

/** Fingerprint of what people have set at a cell; it changes when somebody acts or the file changes. */
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
 * Withholds decisions that loosen: those that wait for approval or were rejected and, in a run that settles its
 * loosenings at its end, all that would make a contact mailable. A decision that no longer loosens is removed from the
 * waiting list. The tightening part of a withheld decision is applied.
 * @param released addresses that the run has already counted as released; those counted now are added.
 */
export async function holdBack(
  session: SyncSession,
  cells: readonly DecidedCell[],
  mode: BatchOptions['loosening'],
  released: Set<number> = new Set(),
): Promise<HeldBack> {
  const { db, run } = session
  const known = await looseningsAt(db, [...new Set(cells.map((cell) => cell.row.addressId))])
  const wanted = sortLoosenings(cells, known, mode)
  const within = await countReleasing(session, wanted.releasing, released)
  const sorted = within ? wanted : sortLoosenings(cells, known, 'stage')
  const { dropped, refused, staged, apply, waiting, approved } = sorted
  const held = { apply, waiting, approved }
  if (dropped.length + refused.length + staged.length === 0) {
    return held
  }
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

/**
 * Counts the decisions that are to be written immediately. @returns false: it would exceed the run's limit (F4), and
 * nothing is counted.
 */
async function countReleasing(
  { db, run, connection }: SyncSession,
  releasing: readonly DecidedCell[],
  released: Set<number>,
): Promise<boolean> {
  const more = new Set(
    releasing.map((cell) => cell.row.addressId).filter((id) => !released.has(id)),
  )
  if (
    more.size > 0 &&
    !(await countReleased(db, run.runId, more.size, connection.newlyMailableLimit))
  ) {
    return false
  }
  more.forEach((id) => released.add(id))
  return true
}

/** {@link HeldBack}, and the changes to the waiting list. */
interface SortedLoosenings extends HeldBack {
  /** Removed from the list. */
  readonly dropped: readonly DecidedCell[]
  /** Rejected, and what they were rejected for is not stored yet. */
  readonly refused: readonly DecidedCell[]
  /** Added to the list. */
  readonly staged: readonly DecidedCell[]
  /** In the mode `release`: applied decisions that make somebody mailable, to be counted. */
  readonly releasing: readonly DecidedCell[]
}

/** {@link holdBack} without storing. Pure. @param known the waiting list of these cells' addresses. */
export function sortLoosenings(
  cells: readonly DecidedCell[],
  known: readonly StoredLoosening[],
  mode: BatchOptions['loosening'],
): SortedLoosenings {
  const byCell = new Map(known.map((l) => [`${l.addressId} ${l.cellKey}`, l]))
  const storedOf = (cell: DecidedCell) => byCell.get(`${cell.row.addressId} ${cell.cellKey}`)
  const loosening = cells.filter(isLoosening)
  const refused = new Set(loosening.filter((cell) => isRefused(cell, storedOf(cell))))
  // A rejection no longer counts after a new act.
  const stateOf = (cell: DecidedCell) => {
    const state = storedOf(cell)?.state
    return state === 'rejected' && !refused.has(cell) ? 'lapsed' : state
  }
  const held = loosening.filter((cell) => stateOf(cell) === 'held')
  const waitsFor: readonly (string | undefined)[] =
    mode === 'stage' ? [undefined, 'staged', 'lapsed'] : mode === 'release' ? ['staged'] : []
  const staged = loosening.filter(
    (cell) => waitsFor.includes(stateOf(cell)) && makesMailable(plannedCell(cell)),
  )
  const withheld = mode === 'withhold' ? loosening : []
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
    releasing: loosening.filter(
      (cell) =>
        mode === 'release' &&
        !waits.has(cell) &&
        stateOf(cell) !== 'approved' &&
        makesMailable(plannedCell(cell)),
    ),
  }
}

function isLoosening(cell: DecidedCell): boolean {
  return loosens(plannedCell(cell))
}

function plannedCell(cell: DecidedCell): PlannedCell {
  const { cellKey, observation, memory, decision, plan, rule, row } = cell
  const values = rule === RICH_RULE ? 'rich' : 'toggle'
  return { cellKey, values, emarketeerBasis: row.basis, observation, memory, decision, plan }
}

/**
 * The tightening part of a waiting cell, which never waits (I9), such as a deny carried onto a younger record of a
 * loosened record. null: it has none. While a deny is carried nothing is provably later, so storing this observation
 * takes no proof away from the waiting part.
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
    // The waiting part counts as unmapped until it is applied.
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
