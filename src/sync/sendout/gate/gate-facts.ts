import { askedTickOf, type GateContext, crmOf, withNamed } from './gate-crm.js'
import { categoryCell, type CellKey } from '../../../domain/cell-key.js'
import { addressKey, addressOrText } from '../../../domain/email-address.js'
import type { GateFacts, GateMention } from '../../../domain/send-gate.js'
import type { AddressMention } from '../../../ledger/copy/address-mentions.js'
import type { SendoutMember } from '../../../ledger/sendout/sendout-members.js'
import type { AddressView } from '../../view/address-view.js'
import { UNKNOWN_EMAIL } from '../../../emarketeer/index.js'
import type { LegalBasis } from '../../../domain/legal-basis.js'

/** Gathers the facts of one targeted contact. @param view its address; undefined: it has none. */
export function gateFactsOf(
  context: GateContext,
  member: SendoutMember,
  view: AddressView | undefined,
): GateFacts {
  const { run, batch, mustBeFresh } = context
  const fresh = !mustBeFresh || batch.connection.emarketeerProvenTick > askedTickOf(run)
  const told = member.email !== UNKNOWN_EMAIL
  const basisOf = (purpose: 'marketingSendouts' | 'storeAndProcess') =>
    view?.cells.get(purpose)?.basis ?? 'none'
  const category = run.categoryId === null ? null : categoryCell(run.categoryId)
  const subscription = category === null ? undefined : view?.cells.get(category)
  const current = context.currentAddressOf.get(member.contactId)
  const named = view === undefined ? [] : context.namedAt(view.row.addressId)
  return {
    channel: run.channel ?? 'email',
    email: addressKey(member.email),
    addressMissing: addressOrText(member.email) === null,
    mobile: member.mobile,
    transactional: run.transactional ?? false,
    asksCategory: category !== null,
    emarketeer: {
      verified: fresh && told && !(view?.row.emarketeerUnread ?? false),
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

/** eMarketeer's state at an address that a text names. */
function asMention({ row, cells }: AddressView): Pick<AddressMention, 'unread' | 'cells'> {
  return { unread: row.emarketeerUnread, cells: [...cells.values()] }
}

/** eMarketeer's answer to the category. False if nobody has the address any more; null if the state was never read. */
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
