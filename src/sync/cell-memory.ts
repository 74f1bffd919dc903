import {
  arrivedDenies,
  type CellMemory,
  type Observation,
  type ToggleValue,
} from '../domain/reconcile/index.js'
import type { CarriedDeny } from '../ledger/carried-denies.js'
import type { DecidedCell } from './decide-cells.js'
import { contactOfRecord } from './observe.js'

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
      seen.records.map((r) => [r.recordId, r.value, r.version, r.want, r.left ?? false]),
    ],
    Object.entries(openAllow).sort(),
    openLoosen,
  ])
}

/** Carried denies of a cell that have done their work: the record itself shows the deny. */
export function arrivedAt(cell: DecidedCell): CarriedDeny[] {
  const recordIds = arrivedDenies(
    cell.observation as Observation<ToggleValue>,
    cell.plan.memory as CellMemory<ToggleValue>,
  )
  return recordIds.map((recordId) => ({
    crmContactId: contactOfRecord(cell.view, cell.cellKey, recordId),
    cellKey: cell.cellKey,
  }))
}
