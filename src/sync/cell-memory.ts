import {
  arrivedDenies,
  type CellMemory,
  type Observation,
  type ToggleValue,
} from '../domain/reconcile/index.js'
import type { CarriedDeny } from '../ledger/carried-denies.js'
import type { Arrival } from '../ledger/crm-other-addresses.js'
import { arrivalsAt } from './further-addresses.js'
import { isPurposeCell } from '../domain/cell-key.js'
import type { DecidedCell } from './decide-cells.js'
import { contactOfRecord } from './observe.js'
import { RICH_RULE } from './rule.js'

/** Whether there is nothing new to store: at rest, a pass writes nothing at all. */
export function sameMemory({ plan, memory }: DecidedCell): boolean {
  return stable(plan.memory) === stable(memory)
}

function stable({ seen, openAllow, openLoosen }: DecidedCell['memory']): string {
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
      ]),
    ],
    Object.entries(openAllow).sort(),
    openLoosen,
  ])
}

/**
 * Records that this pass stores an observation of, in the present epoch and for every purpose that it decides: from now
 * on nothing that we wrote to them is forgotten. One that is in doubt is not observed.
 */
export function observedIn(cells: readonly DecidedCell[]): readonly string[] {
  const own = cells.filter((cell) => isPurposeCell(cell.cellKey) && cell.rule === RICH_RULE)
  const unseen = new Set(
    own
      .filter(({ plan, observation }) => plan.memory.seen?.epoch !== observation.epoch)
      .map((cell) => cell.view),
  )
  const seen = own.filter((cell) => !unseen.has(cell.view))
  return [...new Set(seen.flatMap((cell) => cell.observation.records.map((r) => r.recordId)))]
}

/** Records of a cell whose carried deny has done its work: the record itself shows the deny. */
function arrivedRecords(cell: DecidedCell): readonly string[] {
  return arrivedDenies(
    cell.observation as Observation<ToggleValue>,
    cell.plan.memory as CellMemory<ToggleValue>,
  )
}

/** Carried denies of a cell that may be dropped. */
export function arrivedAt(cell: DecidedCell): CarriedDeny[] {
  return arrivedRecords(cell).map((recordId) => ({
    crmContactId: contactOfRecord(cell.view, cell.cellKey, recordId),
    cellKey: cell.cellKey,
  }))
}

/** Withdrawals that have crossed between a record and its further addresses (C5). */
export function crossedAt(cell: DecidedCell): readonly Arrival[] {
  return arrivalsAt(cell, arrivedRecords(cell))
}
