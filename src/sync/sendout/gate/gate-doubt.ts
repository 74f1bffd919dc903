import type { CellKey } from '../../../domain/cell-key.js'
import type { Purpose } from '../../../domain/legal-basis.js'
import {
  anyInDoubt,
  doubted,
  EMPTY_MEMORY,
  type RecordReading,
} from '../../../domain/reconcile/index.js'
import type { SecondaryHolder } from '../../../ledger/copy/secondary-addresses.js'
import { observationOf, type ObservedCell } from '../../view/cell-observation.js'
import { purposeRecords } from '../../view/observe.js'
import type { AddressView } from '../../view/address-view.js'
import { isForgotten, recordReading } from '../../../ledger/copy/record-reading.js'
import type { GateContext } from './gate-context.js'

/** R0: a person's answer may lie under a write of ours on some live record there, also one that only visits. */
export function inDoubtAt(context: GateContext, view: AddressView, purpose: Purpose): boolean {
  const { capabilities } = context
  if (capabilities?.values !== 'rich' || !capabilities.purposes.includes(purpose)) {
    return false
  }
  const records = purposeRecords(view, purpose) ?? []
  const seen = records.length > 0 ? observedAt(context, view, purpose, records) : null
  const own = seen !== null && anyInDoubt(seen.observation, seen.memory)
  return own || view.secondaryHolders.some((holder) => holderInDoubt(context, holder, purpose))
}

function holderInDoubt(context: GateContext, holder: SecondaryHolder, purpose: Purpose): boolean {
  const record = recordReading(holder.contact, purpose)
  const home = holder.primaryCells.find(({ cellKey }) => cellKey === purpose)
  const memory = home ?? EMPTY_MEMORY
  const forgotten = isForgotten(holder.contact, context.batch.connection.epoch)
  return (
    record !== null &&
    doubted({ ...record, forgotten }, memory, {
      firstVersion: context.firstVersion ?? context.batch.times.firstVersion,
    })
  )
}

/** A cell as it stands and as it was last observed; null where there is none, or eMarketeer's side is not readable. */
export function observedAt(
  { batch, firstVersion = null, basisMapping }: GateContext,
  view: AddressView,
  cellKey: CellKey,
  records: readonly RecordReading<string>[],
): ObservedCell | null {
  const cell = view.cells.get(cellKey)
  return cell ? observationOf(batch, view, cell, records, { firstVersion, basisMapping }) : null
}
