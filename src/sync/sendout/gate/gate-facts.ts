import { categoryCell, type CellKey } from '../../../domain/cell-key.js'
import { addressKey } from '../../../domain/email-address.js'
import type { GateFacts, GateMention } from '../../../domain/send-gate.js'
import type { CrmCapabilities } from '../../../crm/crm.js'
import type { AddressMention } from '../../../ledger/copy/address-mentions.js'
import type { SendoutMember } from '../../../ledger/sendout/sendout-members.js'
import type { SendoutRun } from '../../../ledger/sendout/sendouts.js'
import type { AddressView, BatchView } from '../../view/observe.js'
import type { LegalBasis } from '../../../domain/legal-basis.js'
import type { BasisMapping } from '../../../domain/tenant-basis.js'
import { crmOf, withNamed } from './gate-crm.js'

/** What the gate asks beside the addresses themselves. */
export interface GateContext {
  readonly run: SendoutRun
  readonly batch: BatchView
  readonly capabilities: CrmCapabilities | null
  /** CRM contacts of which a deny waits in the inbox (G7). */
  readonly waitingDenies: ReadonlySet<string>
  /** Addresses at which a loosening over a deny is held. */
  readonly heldAddresses: ReadonlySet<number>
  /** The addresses that a text names among others, or decorated: their denies count for whoever has it (rule A). */
  readonly namedAt: (textId: number) => readonly AddressView[]
  /** eMarketeer contact → the address it has now; absent: it is gone. */
  readonly currentAddressOf: ReadonlyMap<string, number | null>
  /** Whether what is known must be newer than the sendout (deciding), or was proven then (reading the list). */
  readonly mustBeFresh: boolean
  /** Rich CRMs: what version an insert makes, as set-up measured it. Absent: not measured. */
  readonly firstVersion?: number | null
  /** Rich CRMs: what the connection file makes of the tenant's own bases (C2). */
  readonly basisMapping: BasisMapping
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
  const named = view === undefined ? [] : context.namedAt(view.row.addressId)
  return {
    channel: run.channel ?? 'email',
    email: addressKey(member.email),
    mobile: member.mobile,
    transactional: run.transactional ?? false,
    asksCategory: category !== null,
    emarketeer: {
      verified: fresh && !(view?.row.emarketeerUnread ?? false),
      marketing: basisOf('marketingSendouts'),
      store: basisOf('storeAndProcess'),
      subscribed: subscribedOf(view, subscription?.basis),
      moved: view !== undefined && current !== view.row.addressId,
      mentions: [
        ...(view?.mentions ?? []),
        ...named.filter((one) => one.row.emarketeerContactId !== null).map(asMention),
      ].map(({ unread, cells }): GateMention => {
        const basisAt = (key: CellKey | null) => cells.find((cell) => cell.cellKey === key)?.basis
        return {
          verified: !unread,
          marketing: basisAt('marketingSendouts') ?? 'none',
          store: basisAt('storeAndProcess') ?? 'none',
          subscribed: category === null ? true : isSubscribed(basisAt(category)),
        }
      }),
    },
    crm:
      context.capabilities && view
        ? withNamed(
            crmOf(context, context.capabilities, view),
            named.map((one) => crmOf(context, context.capabilities!, one)),
          )
        : null,
  }
}

/** eMarketeer's state at an address that a text names, beside that of the text itself. */
function asMention({ row, cells }: AddressView): Pick<AddressMention, 'unread' | 'cells'> {
  return { unread: row.emarketeerUnread, cells: [...cells.values()] }
}

/** Nobody at the address any more: no state, hence not a Yes. Unknown where the state was never read. */
function subscribedOf(
  view: AddressView | undefined,
  basis: LegalBasis | 'unreadable' | undefined,
): boolean | null {
  if (view === undefined || view.row.emarketeerContactId === null) {
    return false
  }
  return isSubscribed(basis)
}

function isSubscribed(basis: LegalBasis | 'unreadable' | undefined): boolean | null {
  return basis === undefined || basis === 'unreadable' ? null : basis !== 'withdrawn'
}
