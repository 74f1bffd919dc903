import { categoryCell, type CellKey } from '../../../domain/cell-key.js'
import type { Purpose } from '../../../domain/legal-basis.js'
import {
  countsAsBasis,
  hasInheritedDeny,
  isLeftWithByPurpose,
  isMemory,
  kindOf,
  type RecordReading,
  type SeenRecord,
  isDeny,
  anyInDoubt,
  doubted,
  EMPTY_MEMORY,
} from '../../../domain/reconcile/index.js'
import { crmVerdictOf, type CrmVerdict, type GateCrm } from '../../../domain/send-gate.js'
import type { RichValue, BasisMapping } from '../../../domain/tenant-basis.js'
import type { CrmCapabilities } from '../../../crm/crm.js'
import { isCrmSource } from '../../../emarketeer/index.js'
import {
  categoryRows,
  mayBeOf,
  purposeRecords,
  observationOf,
  type ObservedCell,
} from '../../view/observe.js'
import type { AddressView, BatchView } from '../../view/address-view.js'
import { recordReading, isForgotten } from '../../../ledger/copy/record-reading.js'
import type { CellRow } from '../../../ledger/copy/cells.js'
import type { SecondaryHolder } from '../../../ledger/copy/secondary-addresses.js'
import type { WaitingDenies } from '../../../ledger/run/inbox.js'
import type { SendoutRun } from '../../../ledger/sendout/sendouts.js'

/**
 * Gathers the CRM's side of one address: records that have it as their primary address, as a secondary address (C5), or
 * as an address at which only a deny counts (rules A, B8).
 */
export function crmOf(
  context: GateContext,
  capabilities: CrmCapabilities,
  view: AddressView,
): GateCrm {
  const { run } = context
  const proven = provenByDelta(context, capabilities) || view.row.crmReadFrom > askedTickOf(run)
  const records = purposeRecords(view, 'marketingSendouts')
  const ids = [...view.contacts, ...view.secondaryHolders.map((holder) => holder.contact)].map(
    (contact) => contact.crmContactId,
  )
  const denyInInbox =
    context.waitingDeniesAt.has(view.row.addressId) ||
    ids.some((id) => context.waitingDenies.has(id))
  const holdsStore = capabilities.purposes.includes('storeAndProcess')
  return {
    // A purpose that cannot be read is not verified, whatever the other purpose says.
    verified:
      (proven || !context.mustBeFresh) &&
      !view.row.crmDoubtful &&
      !view.secondaryAddresses.some((other) => other.unread) &&
      (!holdsStore || isReadable(view, 'storeAndProcess')),
    records: [
      ...(records === null ? ['unreadable' as const] : verdictsOf(context, view, records)),
      ...holderVerdicts(view),
    ],
    subscriptions:
      run.categoryId !== null && asksRows(context, capabilities)
        ? answers(context, view, run.categoryId)
        : [],
    // A hint does not name the purpose that it denies, and a transactional sendout asks for no other purpose.
    storeWithdrawn:
      holdsStore && (storeDenied(context, view) || (denyInInbox && run.transactional === true)),
    inDoubt: inDoubtAt(context, view, 'marketingSendouts'),
    denyWaiting:
      denyInInbox ||
      context.heldAddresses.has(view.row.addressId) ||
      (records ?? []).some((record) => record.carriedDeny) ||
      holderCarries(view, 'marketingSendouts') ||
      departedDenies(context, view, 'marketingSendouts', records ?? []),
    ended: view.row.everLinked && !isInCrm(view) && !actedSince(view),
  }
}

/** The tick after which a reading counts as verified; no reading does before the sendout has asked. */
export function askedTickOf({ askedTick }: SendoutRun): number {
  return askedTick ?? Number.MAX_SAFE_INTEGER
}

/** Whether a complete delta since the sendout asked proves every record. */
export function provenByDelta(
  { run, batch }: Pick<GateContext, 'run' | 'batch'>,
  { completeDelta }: CrmCapabilities,
): boolean {
  return completeDelta && batch.connection.crmProvenTick > askedTickOf(run)
}

/** Whether the CRM's answers on the sendout's category count. */
export function asksRows(
  { run, batch }: Pick<GateContext, 'run' | 'batch'>,
  { subscriptions }: CrmCapabilities,
): boolean {
  return run.categoryId !== null && subscriptions && batch.connection.subscriptionSync
}

/**
 * Adds the addresses that an address field names (rule A): denies, unknown values and missing proof at these addresses
 * count, and nothing there allows.
 */
export function withNamed(own: GateCrm, named: readonly GateCrm[]): GateCrm {
  const all = [own, ...named]
  return {
    ...own,
    verified: all.every(({ verified }) => verified),
    records: [
      ...own.records,
      ...named.flatMap(({ records }) =>
        records.filter((one) => one === 'denies' || one === 'unreadable'),
      ),
    ],
    subscriptions: [
      ...own.subscriptions,
      ...named.flatMap(({ subscriptions }) => subscriptions.filter((one) => one !== true)),
    ],
    storeWithdrawn: all.some(({ storeWithdrawn }) => storeWithdrawn),
    inDoubt: all.some(({ inDoubt }) => inDoubt),
    denyWaiting: all.some(({ denyWaiting }) => denyWaiting),
  }
}

function isReadable(view: AddressView, purpose: Purpose): boolean {
  return (
    purposeRecords(view, purpose) !== null &&
    view.secondaryHolders.every((holder) => recordReading(holder.contact, purpose) !== null)
  )
}

/** Whether a record forbids storing: the record denies, a deny is on its way, or our write may have overwritten one. */
function storeDenied(context: GateContext, view: AddressView): boolean {
  const records = purposeRecords(view, 'storeAndProcess') ?? []
  return (
    records.some((record) => isDeny(record) || record.carriedDeny) ||
    view.secondaryHolders.some((holder) => isDeny(holder.contact.consents.storeAndProcess)) ||
    holderCarries(view, 'storeAndProcess') ||
    inDoubtAt(context, view, 'storeAndProcess') ||
    departedDenies(context, view, 'storeAndProcess', records)
  )
}

/** Verdicts, oldest record first. */
function verdictsOf(
  { basisMapping }: GateContext,
  view: AddressView,
  records: readonly RecordReading<string>[],
): CrmVerdict[] {
  const seen = view.cells.get('marketingSendouts')?.seen?.records ?? []
  return records.map((record, index) => {
    const before = seen.find((one) => one.recordId === record.recordId) as
      SeenRecord<RichValue> | undefined
    return crmVerdictOf(record.value, index === 0, () =>
      countsAsBasis(record as RecordReading<RichValue>, before, basisMapping),
    )
  })
}

/** Whether the CRM has a record at the address. A text that only names the address does not prove one. */
function isInCrm(view: AddressView): boolean {
  return view.contacts.length > 0 || view.secondaryHolders.some((holder) => !holder.denyOnly)
}

/** At a secondary address only a withdrawal counts (C5). */
function holderVerdicts(view: AddressView): CrmVerdict[] {
  return view.secondaryHolders.flatMap(({ contact }): CrmVerdict[] => {
    const record = recordReading(contact, 'marketingSendouts')
    return record === null ? ['unreadable'] : isDeny(record) ? ['denies'] : []
  })
}

function holderCarries(view: AddressView, purpose: Purpose): boolean {
  return view.secondaryHolders.some((holder) =>
    view.carriedDenies.has(`${holder.crmContactId} ${purpose}`),
  )
}

function answers(context: GateContext, view: AddressView, categoryId: string): (boolean | null)[] {
  const cellKey = categoryCell(categoryId)
  const { records } = categoryRows(view, categoryId)
  const denyOnly = view.secondaryHolders.filter((holder) => holder.denyOnly)
  const carriesNo = [...view.contacts, ...denyOnly].some(({ crmContactId }) =>
    view.carriedDenies.has(`${crmContactId} ${cellKey}`),
  )
  return [
    ...(carriesNo || departedDenies(context, view, cellKey, records ?? [], 'toggle')
      ? [false]
      : []),
    ...view.subscriptions.filter((row) => mayBeOf(row, categoryId)).map((row) => row.subscribed),
    ...view.denyOnlySubscriptions
      .filter((row) => mayBeOf(row, categoryId) && row.subscribed !== true)
      .map((row) => row.subscribed),
  ]
}

/** Whether a deny left with its record and has not reached eMarketeer yet. */
function departedDenies(
  context: GateContext,
  view: AddressView,
  cellKey: CellKey,
  records: readonly RecordReading<string>[],
  values = context.capabilities?.values ?? 'rich',
): boolean {
  const seen = observedAt(context, view, cellKey, records)
  return seen !== null && hasInheritedDeny(seen.observation, seen.memory, kindOf(values))
}

/**
 * Whether eMarketeer recorded a new act after the last CRM record had gone (G8). This requires a later recording time by
 * eMarketeer's clock, which may run ahead of ours, and also a version that the last decision had not seen.
 */
function actedSince(view: AddressView): boolean {
  const cell = view.cells.get('marketingSendouts')
  const endedAtMs = view.row.crmEndedAtMs
  return (
    endedAtMs !== null &&
    cell !== undefined &&
    !isCrmSource(cell.source) &&
    cell.seen?.version !== cell.version &&
    (cell.recordedAtMs ?? 0) > endedAtMs
  )
}

/**
 * R0: whether our write may have overwritten a person's answer on a live record with this address as its primary or a
 * secondary one.
 */
function inDoubtAt(context: GateContext, view: AddressView, purpose: Purpose): boolean {
  const { capabilities } = context
  if (capabilities === null || !kindOf(capabilities.values).blind) {
    return false
  }
  if (!capabilities.purposes.includes(purpose)) {
    return false
  }
  for (const { leftWith = null } of [
    ...view.contacts,
    ...view.secondaryHolders.map((holder) => holder.contact),
  ]) {
    if (!isLeftWithByPurpose(leftWith)) {
      throw new TypeError('what a contact took along from another address is malformed')
    }
  }
  const records = purposeRecords(view, purpose) ?? []
  const seen = records.length > 0 ? observedAt(context, view, purpose, records) : null
  const own = seen !== null && anyInDoubt(seen.observation, seen.memory)
  return own || view.secondaryHolders.some((holder) => holderInDoubt(context, holder, purpose))
}

function holderInDoubt(context: GateContext, holder: SecondaryHolder, purpose: Purpose): boolean {
  const record = recordReading(holder.contact, purpose)
  const home = holder.primaryCells.find(({ cellKey }) => cellKey === purpose)
  const memory = home === undefined ? EMPTY_MEMORY : withMemory(home)
  const forgotten = isForgotten(holder.contact, context.batch.connection.epoch)
  return (
    record !== null &&
    doubted({ ...record, forgotten }, memory, {
      firstVersion: context.firstVersion ?? context.batch.times.firstVersion,
    })
  )
}

/** A cell with its present values and its last observation. null: there is none, or eMarketeer's side is unreadable. */
function observedAt(
  { batch, firstVersion = null, basisMapping }: GateContext,
  view: AddressView,
  cellKey: CellKey,
  records: readonly RecordReading<string>[],
): ObservedCell | null {
  const cell = view.cells.get(cellKey)
  return cell
    ? observationOf(batch, view, withMemory(cell), records, { firstVersion, basisMapping })
    : null
}

/**
 * The cell, if its memory has the form in which passes store it.
 * @throws TypeError the contact is not verified.
 */
function withMemory(cell: CellRow): CellRow {
  if (!isMemory(cell)) {
    throw new TypeError("a cell's memory is malformed")
  }
  return cell
}

/** What the gate needs in addition to the addresses. */
export interface GateContext extends WaitingDenies {
  readonly run: SendoutRun
  readonly batch: BatchView
  readonly capabilities: CrmCapabilities | null
  /** Addresses with a held loosening that would overrule a deny. */
  readonly heldAddresses: ReadonlySet<number>
  /** Addresses that a text names: their denies count for its contact (rule A). */
  readonly namedAt: (textId: number) => readonly AddressView[]
  /** eMarketeer contact → its address now; absent: deleted. */
  readonly currentAddressOf: ReadonlyMap<string, number | null>
  /** Deciding needs facts newer than the sendout; reading the list does not. */
  readonly mustBeFresh: boolean
  /** Rich CRMs: the version after an insert, measured at set-up. Absent: not measured. */
  readonly firstVersion?: number | null
  /** Rich CRMs: the connection file's mapping of the tenant's own bases (C2). */
  readonly basisMapping: BasisMapping
}
