import { arrivedDenies, doubted, settledIn } from '../../domain/reconcile/index.js'
import type { DepartedDeny } from '../../ledger/copy/departed-denies.js'
import type { StoredLeftWith, Taken } from '../../ledger/copy/taken-along.js'
import type { CarriedDeny } from '../../ledger/copy/carried-denies.js'
import type { Arrival } from '../../ledger/copy/secondary-addresses.js'
import type { Purpose } from '../../domain/legal-basis.js'
import { arrivalsAt } from '../view/secondary-addresses.js'
import { isPurposeCell } from '../../domain/cell-key.js'
import type { DecidedCell } from './decide-cells.js'
import { contactOfRecord } from '../view/observe.js'
import { RICH_RULE } from './rule.js'

/** Whether there is nothing new to store. If nothing changed, a pass stores nothing. */
export function sameMemory({ plan, memory }: DecidedCell): boolean {
  // A first observation, as most are in a first sync, is not compared in full.
  return (
    (plan.memory.seen === null) === (memory.seen === null) && stable(plan.memory) === stable(memory)
  )
}

function stable({ seen, openAllow, openLoosen, departed }: DecidedCell['memory']): string {
  return JSON.stringify([
    seen && [
      seen.basis,
      seen.version,
      seen.epoch,
      seen.setUnsettled ?? false,
      seen.records.map((r) => [
        r.recordId,
        r.value,
        r.version,
        r.want,
        r.left ?? false,
        r.unmapped ?? false,
        r.setByUser ?? false,
        r.open ?? [],
      ]),
    ],
    Object.entries(openAllow).sort(),
    openLoosen,
    departed.map((r) => [r.recordId, r.value, r.version]),
  ])
}

/**
 * Records whose every purpose this pass observes in the present epoch. From now on their open writes are known. A
 * record in doubt, or with a purpose that cannot be read, does not count.
 */
export function observedIn(
  cells: readonly DecidedCell[],
  purposes: readonly Purpose[],
): readonly string[] {
  const seen = cells.filter(
    ({ rule, plan, observation }) =>
      rule === RICH_RULE && plan.memory.seen?.epoch === observation.epoch,
  )
  const recordsOf = (purpose: Purpose) =>
    seen
      .filter((cell) => cell.cellKey === purpose)
      .flatMap((cell) => cell.observation.records.map((record) => record.recordId))
  const [first = [], ...others] = purposes.map(recordsOf)
  const rest = others.map((ids) => new Set(ids))
  return [...new Set(first)].filter((id) => rest.every((ids) => ids.has(id)))
}

/**
 * Whether the plan stores a new observation. False if a record cannot be read or is in doubt: then the old one is kept.
 */
function storesObservation({ plan, memory }: DecidedCell): boolean {
  return plan.memory.seen !== memory.seen
}

/** Records that themselves show the deny that was carried onto them. */
function arrivedRecords(cell: DecidedCell): readonly string[] {
  if (!storesObservation(cell)) {
    return []
  }
  return arrivedDenies(cell.observation, cell.plan.memory)
}

/** What the records of a cell took along from another cell, as far as this plan's memory holds it. */
export function takenInto(cell: DecidedCell): readonly Taken[] {
  const { observation, plan, cellKey } = cell
  const known = storesObservation(cell) ? settledIn(observation, plan.memory) : []
  return observation.records.flatMap(({ recordId, leftWith }) =>
    leftWith && known.includes(recordId)
      ? [
          {
            ...(leftWith as StoredLeftWith),
            of: isPurposeCell(cellKey) ? 'contact' : 'row',
            cellKey,
          } as const,
        ]
      : [],
  )
}

/**
 * Denies for the secondary addresses of records in doubt (R0). Our write may have overwritten a withdrawal, and after
 * the next write those addresses would never show it (C5). The denies are passed on once, together with the write that
 * withdraws.
 */
export function doubtsToPassOn(cell: DecidedCell): readonly DepartedDeny[] {
  const { observation, memory, decision, plan, view, cellKey } = cell
  if (decision.line !== 'R0') {
    return []
  }
  const written = plan.writes.flatMap((write) => (write.side === 'crm' ? [write.recordId] : []))
  const doubtful = observation.records.filter(
    (record) =>
      written.includes(record.recordId) &&
      doubted(record, memory, {
        firstVersion: observation.firstVersion ?? null,
      }),
  )
  return doubtful.flatMap(({ recordId }) =>
    view.secondaryAddresses
      .filter((other) => other.crmContactId === recordId)
      .map(({ addressId }) => ({
        addressId,
        cellKey,
        record: { recordId, value: 'withdrawn', version: null, want: null, left: true as const },
      })),
  )
}

/** Carried denies that are no longer needed. */
export function arrivedAt(cell: DecidedCell): CarriedDeny[] {
  return arrivedRecords(cell).map((recordId) => ({
    crmContactId: contactOfRecord(cell.view, cell.cellKey, recordId),
    cellKey: cell.cellKey,
  }))
}

/** Withdrawals that have crossed between a record and its secondary addresses (C5). */
export function crossedAt(cell: DecidedCell): readonly Arrival[] {
  return arrivalsAt(cell, arrivedRecords(cell))
}
