import { isPurposeCell, type CellKey } from '../../domain/cell-key.js'
import type { Purpose } from '../../domain/legal-basis.js'
import type { Observation, Plan, RecordReading } from '../../domain/reconcile/index.js'
import type { StoredValue } from '../../ledger/copy/cells.js'
import {
  unarrivedDenies,
  type Arrival,
  type SecondaryHolder,
  type SecondaryAddressState,
} from '../../ledger/copy/secondary-addresses.js'
import { isCrmSource } from '../../emarketeer/index.js'
import type { AddressView } from './address-view.js'
import { recordReading } from '../../ledger/copy/record-reading.js'

/** Records with this secondary address whose withdrawal eMarketeer has not taken over here (C5). */
export function unarrivedHolders(view: AddressView, purpose: Purpose): readonly SecondaryHolder[] {
  return view.secondaryHolders.filter(
    (holder) =>
      !holder.denyOnly &&
      unarrivedDenies(holder.contact.consents, holder.arrived).includes(purpose),
  )
}

/** eMarketeer's withdrawal at a secondary address, which the record has not taken over. */
export interface SecondaryDeny {
  readonly address: SecondaryAddressState
  readonly version: string
}

/**
 * Withdrawals by a person in eMarketeer at secondary addresses of these records. Each is written to the record once,
 * through its primary address (C5). A withdrawal that a CRM record brought there goes no further.
 */
export function secondaryDenies(view: AddressView, purpose: Purpose): readonly SecondaryDeny[] {
  return view.secondaryAddresses.flatMap((address): SecondaryDeny[] => {
    const cell = address.cells.find(({ cellKey }) => cellKey === purpose)
    const version = String(cell?.version)
    const denies =
      cell?.basis === 'withdrawn' &&
      !isCrmSource(cell.source) &&
      address.followed[purpose] !== version
    return denies ? [{ address, version }] : []
  })
}

/**
 * At an address that no record has as its primary one: the records that have it as a secondary address and whose
 * withdrawal is on its way to eMarketeer.
 */
export function unarrivedReadings(
  view: AddressView,
  purpose: Purpose,
): readonly RecordReading<StoredValue>[] {
  return unarrivedHolders(view, purpose).flatMap(({ contact }) => {
    const record = recordReading(contact, purpose)
    return record ? [record] : []
  })
}

/**
 * Withdrawals between records and their secondary addresses that this cell shows at both ends. They are not passed on
 * again. None counts while a loosening of ours may still land at its end.
 * @param arrivedIds records that show the deny carried onto them.
 */
export function arrivalsAt(
  cell: {
    readonly view: AddressView
    readonly cellKey: CellKey
    readonly observation: Observation<StoredValue>
    readonly plan: Plan<StoredValue>
  },
  arrivedIds: readonly string[],
): readonly Arrival[] {
  const { view, cellKey, observation, plan } = cell
  if (!isPurposeCell(cellKey)) {
    return []
  }
  const followed = secondaryDenies(view, cellKey)
    .filter(({ address }) => arrivedIds.includes(address.crmContactId))
    .map(({ address: { crmContactId, addressId }, version }): Arrival => {
      return { direction: 'followed', crmContactId, addressId, purpose: cellKey, version }
    })
  const oldest = view.contacts[0]?.crmContactId
  const hasArrived =
    observation.emarketeer.basis === 'withdrawn' &&
    plan.memory.openLoosen === null &&
    (oldest === undefined || arrivedIds.includes(oldest))
  const arrived = unarrivedHolders(view, cellKey).map((holder): Arrival => {
    const { crmContactId, addressId, contact } = holder
    const { version } = contact.consents[cellKey]!
    return { direction: 'arrived', crmContactId, addressId, purpose: cellKey, version }
  })
  return hasArrived ? [...followed, ...arrived] : followed
}
