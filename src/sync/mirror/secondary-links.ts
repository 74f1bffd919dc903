import type { CrmContact, CrmContactState } from '../../crm/crm.js'
import type { RecordAddresses } from '../../domain/record-addresses.js'
import { isDeny } from '../../domain/reconcile/index.js'
import type {
  SecondaryAddress,
  SecondaryAddressLink,
} from '../../ledger/copy/secondary-addresses.js'
import type { StoredCrmContact } from '../../ledger/copy/crm-mirror-rows.js'

/** A record's addresses beside its primary one; none of one that is not live. */
export function secondaryLinks(
  record: { readonly crmContactId: string; readonly state: CrmContactState | 'deleted' },
  { secondary, denyOnly }: Pick<RecordAddresses, 'secondary' | 'denyOnly'>,
  addressIds: ReadonlyMap<string, number>,
): readonly SecondaryAddressLink[] {
  if (record.state !== 'live') {
    return []
  }
  const link = (key: string, isDenyOnly: boolean): SecondaryAddressLink => ({
    crmContactId: record.crmContactId,
    addressId: addressIds.get(key)!,
    denyOnly: isDenyOnly,
  })
  return [...secondary.map((key) => link(key, false)), ...denyOnly.map((key) => link(key, true))]
}

/** Whether the CRM left out some address of the record: then no address is known to have gone. */
export function isPartlyTold(contact: CrmContact): boolean {
  return contact.emailUnreadable === true || contact.otherEmailsUnreadable === true
}

/** The other addresses that are told, and those that the record had: of what is not told, nobody knows that it went. */
export function withThoseBefore(
  told: readonly SecondaryAddressLink[],
  before: readonly SecondaryAddress[],
  homeId: number | null,
): readonly SecondaryAddressLink[] {
  const links = new Map([...before, ...told].map((link) => [link.addressId, link]))
  return [...links.values()].filter((link) => link.addressId !== homeId)
}

/** Whether a record has the other addresses that it had, in the same way. */
export function sameSecondaryAddresses(
  before: readonly SecondaryAddress[],
  now: readonly SecondaryAddressLink[],
): boolean {
  return (
    before.length === now.length &&
    before.every((had) =>
      now.some((has) => has.addressId === had.addressId && has.denyOnly === had.denyOnly),
    )
  )
}

/** Ids of those where something crosses. */
export function secondaryIds(
  others: readonly { readonly addressId: number; readonly denyOnly: boolean }[],
): readonly number[] {
  return others.filter((other) => !other.denyOnly).map((other) => other.addressId)
}

/** Further addresses at which a change of the record matters: those that came or left, all where it denies or denied. */
export function holderAddressIds(
  before: StoredCrmContact | undefined,
  next: StoredCrmContact,
  had: readonly number[],
  others: readonly number[],
): readonly number[] {
  const consents = [...Object.values(before?.consents ?? {}), ...Object.values(next.consents)]
  const everywhere = before?.state !== next.state || consents.some(isDeny)
  return [...new Set([...had, ...others])].filter(
    (id) => everywhere || !had.includes(id) || !others.includes(id),
  )
}
