import { categoryCell } from '../../domain/cell-key.js'
import { normalizeEmail } from '../../domain/email-address.js'
import type { CrmStanding, GateCrm, GateFacts } from '../../domain/send-gate.js'
import {
  anyInDoubt,
  hasInheritedRichDeny,
  hasInheritedToggleDeny,
  type RecordReading,
  type ToggleValue,
} from '../../domain/reconcile/index.js'
import type { CrmCapabilities } from '../../crm/crm.js'
import { isCrmSource } from '../../emarketeer/index.js'
import type { SendoutMember } from '../../ledger/sendout-members.js'
import type { SendoutRun } from '../../ledger/sendouts.js'
import { purposeRecords, type AddressView, type BatchView } from '../observe.js'
import type { LegalBasis, Purpose } from '../../domain/legal-basis.js'
import type { CellMemory, Observation } from '../../domain/reconcile/index.js'

/** What the gate asks beside the addresses themselves. */
export interface GateContext {
  readonly run: SendoutRun
  readonly batch: BatchView
  readonly capabilities: CrmCapabilities | null
  /** CRM contacts of which a deny waits in the inbox (G7). */
  readonly waitingDenies: ReadonlySet<string>
  /** Addresses at which a loosening over a deny is held. */
  readonly heldAddresses: ReadonlySet<number>
  /** eMarketeer contact → the address it has now; absent: it is gone. */
  readonly currentAddressOf: ReadonlyMap<string, number | null>
  /** Whether what is known must be newer than the sendout (deciding), or was proven then (reading the list). */
  readonly mustBeFresh: boolean
}

/** Gathers the facts of one targeted contact. @param view its address, or undefined where it has none. */
export function gateFactsOf(
  context: GateContext,
  member: SendoutMember,
  view: AddressView | undefined,
): GateFacts {
  const { run, batch, mustBeFresh } = context
  const asked = run.askedTick ?? Number.MAX_SAFE_INTEGER
  const fresh = !mustBeFresh || batch.connection.emarketeerProvenTick > asked
  const basisOf = (purpose: 'marketingSendouts' | 'storeAndProcess') =>
    view?.cells.get(purpose)?.basis ?? 'none'
  const category = run.categoryId === null ? null : categoryCell(run.categoryId)
  const subscription = category === null ? undefined : view?.cells.get(category)
  const current = context.currentAddressOf.get(member.contactId)
  return {
    channel: run.channel ?? 'email',
    email: normalizeEmail(member.email),
    mobile: member.mobile,
    transactional: run.transactional ?? false,
    asksCategory: category !== null,
    emarketeer: {
      verified: fresh && !(view?.row.emarketeerUnread ?? false),
      marketing: basisOf('marketingSendouts'),
      store: basisOf('storeAndProcess'),
      subscribed: subscribedOf(view, subscription?.basis),
      moved: view !== undefined && current !== view.row.addressId,
    },
    crm: context.capabilities && view ? crmOf(context, context.capabilities, view) : null,
  }
}

/** Nobody at the address any more: no state, hence not a Yes. Unknown where the state was never read. */
function subscribedOf(
  view: AddressView | undefined,
  basis: LegalBasis | 'unreadable' | undefined,
): boolean | null {
  if (view === undefined || view.row.emarketeerContactId === null) {
    return false
  }
  return basis === undefined || basis === 'unreadable' ? null : basis !== 'withdrawn'
}

function crmOf(context: GateContext, capabilities: CrmCapabilities, view: AddressView): GateCrm {
  const { run, batch } = context
  const asked = run.askedTick ?? Number.MAX_SAFE_INTEGER
  const proven =
    (capabilities.completeDelta && batch.connection.crmProvenTick > asked) ||
    view.row.crmReadFrom > asked
  const records = purposeRecords(view, 'marketingSendouts')
  const ids = view.contacts.map((contact) => contact.crmContactId)
  const stored = capabilities.purposes.includes('storeAndProcess')
    ? purposeRecords(view, 'storeAndProcess')
    : []
  return {
    // A purpose that cannot be read is not verified, whatever the other one says.
    verified: (proven || !context.mustBeFresh) && !view.row.crmDoubtful && stored !== null,
    records: records === null ? ['unreadable'] : standings(records.map((r) => r.value)),
    subscriptions:
      run.categoryId !== null && capabilities.subscriptions && batch.connection.subscriptionSync
        ? answers(view, run.categoryId)
        : [],
    storeWithdrawn: stored?.some((record) => record.value === 'withdrawn') ?? false,
    inDoubt: capabilities.values === 'rich' && richInDoubt(context, view),
    denyWaiting:
      ids.some((id) => context.waitingDenies.has(id)) ||
      context.heldAddresses.has(view.row.addressId) ||
      (records ?? []).some((record) => record.carriedDeny) ||
      departedDenies(context, capabilities, view, records ?? []),
    ended: view.row.everLinked && ids.length === 0 && !actedSince(view),
  }
}

/** Oldest first. A rich CRM's oldest record must allow by itself; of the younger ones only a withdrawal counts (C5). */
function standings(values: readonly string[]): CrmStanding[] {
  return values.map((value, index) => {
    if (value === 'deny' || value === 'withdrawn') {
      return 'denies'
    }
    return value === 'none' && index === 0 ? 'silent' : 'allows'
  })
}

function answers(view: AddressView, categoryId: string): (boolean | null)[] {
  const cellKey = categoryCell(categoryId)
  const carriesNo = view.contacts.some((contact) =>
    view.carriedDenies.has(`${contact.crmContactId} ${cellKey}`),
  )
  return [
    ...(carriesNo ? [false] : []),
    ...view.subscriptions
      .filter((row) => row.categoryId === categoryId)
      .map((row) => row.subscribed),
  ]
}

/** A deny that left with its record and has not reached eMarketeer yet. */
function departedDenies(
  context: GateContext,
  capabilities: CrmCapabilities,
  view: AddressView,
  records: readonly RecordReading<string>[],
): boolean {
  const seen = lastSeen(context, view, 'marketingSendouts', records)
  if (!seen) {
    return false
  }
  return capabilities.values === 'toggle'
    ? hasInheritedToggleDeny(
        seen.observation as Observation<ToggleValue>,
        seen.memory as CellMemory<ToggleValue>,
      )
    : hasInheritedRichDeny(
        seen.observation as Observation<LegalBasis>,
        seen.memory as CellMemory<LegalBasis>,
      )
}

/** R0, of any purpose: a person's answer may lie under a write of ours. */
function richInDoubt(context: GateContext, view: AddressView): boolean {
  return context.capabilities!.purposes.some((purpose) => {
    const records = purposeRecords(view, purpose) ?? []
    const seen = records.length > 0 ? lastSeen(context, view, purpose, records) : null
    return (
      seen !== null &&
      anyInDoubt(seen.observation as Observation<LegalBasis>, seen.memory as CellMemory<LegalBasis>)
    )
  })
}

/** A cell as it stands and as it was last observed; null where eMarketeer's side is not readable. */
function lastSeen(
  context: GateContext,
  view: AddressView,
  purpose: Purpose,
  records: readonly RecordReading<string>[],
): { readonly observation: Observation<string>; readonly memory: CellMemory<string> } | null {
  const cell = view.cells.get(purpose)
  if (!cell || cell.basis === 'unreadable') {
    return null
  }
  const { basis, version, lastPositiveActMs, lastDenyActMs, seen, openAllow, openLoosen } = cell
  return {
    observation: {
      emarketeer: { basis, version, lastPositiveActMs, lastDenyActMs },
      records,
      epoch: context.batch.connection.epoch,
    },
    memory: { seen, openAllow, openLoosen },
  }
}

/** Whether eMarketeer recorded a new act after the last CRM record had gone (G8). */
function actedSince(view: AddressView): boolean {
  const cell = view.cells.get('marketingSendouts')
  const endedAtMs = view.row.crmEndedAtMs
  return (
    endedAtMs !== null &&
    cell !== undefined &&
    !isCrmSource(cell.source) &&
    (cell.recordedAtMs ?? 0) > endedAtMs
  )
}
