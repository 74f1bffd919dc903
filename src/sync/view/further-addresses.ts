import { isPurposeCell, type CellKey } from '../../domain/cell-key.js'
import type { Purpose } from '../../domain/legal-basis.js'
import {
  EMPTY_MEMORY,
  hasInheritedRichDeny,
  hasInheritedToggleDeny,
  type CellMemory,
  type Decision,
  type Observation,
  type Plan,
  type RecordReading,
  type ToggleValue,
} from '../../domain/reconcile/index.js'
import type { RichValue } from '../../domain/tenant-basis.js'
import type { StoredValue } from '../../ledger/copy/cells.js'
import {
  unarrivedDenies,
  type Arrival,
  type GuestRecord,
  type OutsideAddress,
} from '../../ledger/copy/crm-other-addresses.js'
import { isCrmSource } from '../../emarketeer/index.js'
import type { ObservedCell } from './cell-observation.js'
import type { AddressView } from './observe.js'
import { recordReading } from '../../ledger/copy/record-reading.js'

/** Records with this as a further address whose withdrawal eMarketeer has not taken over here (C5). */
export function unarrivedGuests(view: AddressView, purpose: Purpose): readonly GuestRecord[] {
  return view.guests.filter(
    (guest) =>
      !guest.denyOnly && unarrivedDenies(guest.contact.consents, guest.arrived).includes(purpose),
  )
}

/** eMarketeer's withdrawal at a further address of a record, which the record has not taken over. */
export interface OutsideDeny {
  readonly address: OutsideAddress
  readonly version: string
}

/**
 * Withdrawals by a person in eMarketeer at further addresses of these records: each is written to the record once, here,
 * through its primary address (C5). What a CRM's record brought there goes no further.
 */
export function outsideDenies(view: AddressView, purpose: Purpose): readonly OutsideDeny[] {
  return view.outside.flatMap((address): OutsideDeny[] => {
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
 * At an address that nobody has as the primary one: records that have it as a further one, as long as a withdrawal of one
 * of them is on its way to eMarketeer; else none.
 */
export function guestsToTell(
  view: AddressView,
  purpose: Purpose,
): readonly RecordReading<StoredValue>[] {
  return unarrivedGuests(view, purpose).flatMap(({ contact }) => {
    const record = recordReading(contact, purpose)
    return record ? [record] : []
  })
}

/** Whether a deny left with its record and has not reached eMarketeer. */
export function leftDeny({ observation, memory }: ObservedCell, isToggle: boolean): boolean {
  return isToggle
    ? hasInheritedToggleDeny(
        observation as Observation<ToggleValue>,
        memory as CellMemory<ToggleValue>,
      )
    : hasInheritedRichDeny(observation as Observation<RichValue>, memory as CellMemory<RichValue>)
}

/**
 * A withdrawal of a record at its further address, or of one that has left: eMarketeer follows it, and the record stays as
 * it is (C5, F5).
 */
export function decideGuest(
  observation: Observation<StoredValue>,
  memory: CellMemory<StoredValue>,
): Decision<StoredValue> {
  const { basis, version } = observation.emarketeer
  return {
    line: basis === 'withdrawn' ? 'R1' : basis === 'none' ? 'R2' : 'R3',
    emarketeerTarget: 'withdrawn',
    recordTargets: [],
    inputs: {
      emarketeerMoved: memory.seen ? memory.seen.version !== version : null,
      crmMoved: null,
      recordSetChanged: false,
      emarketeerMaybeOurs: false,
      crmMaybeOurs: false,
      laterEmarketeer: false,
      laterCrm: false,
      proof: 'none',
      seenEpochIsCurrent: memory.seen?.epoch === observation.epoch,
      carriedDeny: true,
      inheritedDeny: false,
    },
    unmapped: [],
    wantsStamp: false,
    ambiguous: false,
  }
}

/** The one write that follows; what was observed while the address had records of its own stays as it was. */
export function planGuest(
  observation: Observation<StoredValue>,
  memory: CellMemory<StoredValue>,
  isToggle: boolean,
): Plan<StoredValue> {
  const { basis, version } = observation.emarketeer
  if (basis === 'withdrawn') {
    const openLoosen = memory.openLoosen === version ? version : null
    // What left its deny here has told it; should a record come back, the link starts afresh.
    const told = openLoosen === null && leftDeny({ observation, memory }, isToggle)
    const { seen, departed } = told ? EMPTY_MEMORY : memory
    return { memory: { ...memory, openLoosen, seen, departed }, writes: [] }
  }
  return {
    memory,
    writes: [{ side: 'emarketeer', value: 'withdrawn', expectedVersion: version, loosens: false }],
  }
}

/**
 * Withdrawals that have crossed between records and their further addresses, as this cell shows: they are not passed on
 * again. Only what stands on both ends counts, and only while no loosening of ours can still land there.
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
  const followed = outsideDenies(view, cellKey)
    .filter(({ address }) => arrivedIds.includes(address.crmContactId))
    .map(({ address: { crmContactId, addressId }, version }): Arrival => {
      return { direction: 'followed', crmContactId, addressId, purpose: cellKey, version }
    })
  const oldest = view.contacts[0]?.crmContactId
  const told =
    observation.emarketeer.basis === 'withdrawn' &&
    plan.memory.openLoosen === null &&
    (oldest === undefined || arrivedIds.includes(oldest))
  const arrived = unarrivedGuests(view, cellKey).map((guest): Arrival => {
    const { crmContactId, addressId, contact } = guest
    const { version } = contact.consents[cellKey]!
    return { direction: 'arrived', crmContactId, addressId, purpose: cellKey, version }
  })
  return told ? [...followed, ...arrived] : followed
}
