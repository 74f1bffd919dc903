import type { CrmContact, CrmContactState } from '../../crm/crm.js'
import { recordAddresses, type RecordAddresses } from '../../domain/record-addresses.js'
import type { StoredCrmContact } from '../../ledger/copy/crm-mirror-rows.js'
import type { KnownCrmContact } from '../../ledger/copy/known-crm-contacts.js'
import { isDeny } from '../../domain/reconcile/index.js'
import type {
  SecondaryAddress,
  SecondaryAddressLink,
} from '../../ledger/copy/secondary-addresses.js'

/** Whether a reading equals the copy. Versions are compared for equality only. Pure. */
export function saysTheSame(read: CrmContact, known: KnownCrmContact): boolean {
  return (
    read.state === known.state &&
    read.mergedInto === known.mergedInto &&
    sameConsents(read.consents, known.consents) &&
    (read.emailUnreadable ?? false) === known.addressHidden &&
    sameAddresses(read, known)
  )
}

/** Compares the other addresses as `secondaryLinks` stores them: a record that is not live has none. */
function sameAddresses(read: CrmContact, known: KnownCrmContact): boolean {
  const { home, unusable, secondary, denyOnly } = recordAddresses(read)
  const isLive = read.state === 'live'
  const [readSecondary, readDenyOnly] = isLive ? [secondary, denyOnly] : [[], []]
  const sameOthers = isPartlyHidden(read) ? includesAll : sameSet
  return (
    (read.emailUnreadable === true ||
      (home === known.email && unusable === known.unusableAddress)) &&
    sameOthers(readSecondary, known.secondary ?? []) &&
    sameOthers(readDenyOnly, known.denyOnly ?? [])
  )
}

function includesAll(now: readonly string[], before: readonly string[]): boolean {
  return now.every((key) => before.includes(key))
}

function sameSet(now: readonly string[], before: readonly string[]): boolean {
  return now.length === before.length && includesAll(now, before)
}

/** Whether two stored forms of a contact are equal. */
export function sameContact(a: StoredCrmContact, b: StoredCrmContact): boolean {
  return (
    a.addressId === b.addressId &&
    a.state === b.state &&
    a.mergedInto === b.mergedInto &&
    a.unusableAddress === b.unusableAddress &&
    a.addressHidden === b.addressHidden &&
    sameConsents(a.consents, b.consents)
  )
}

function sameConsents(a: StoredCrmContact['consents'], b: StoredCrmContact['consents']): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof typeof a>
  return [...keys].every(
    (key) => a[key]?.version === b[key]?.version && a[key]?.value === b[key]?.value,
  )
}

/** A record's addresses other than its primary one; none if it is not live. */
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

/** Whether the CRM hides an address of the record. Then no address is known to be removed. */
export function isPartlyHidden(contact: CrmContact): boolean {
  return contact.emailUnreadable === true || contact.otherEmailsUnreadable === true
}

/** The other addresses as read, together with those that the record had before: a hidden one may still be there. */
export function withThoseBefore(
  told: readonly SecondaryAddressLink[],
  before: readonly SecondaryAddress[],
  homeId: number | null,
): readonly SecondaryAddressLink[] {
  const links = new Map([...before, ...told].map((link) => [link.addressId, link]))
  return [...links.values()].filter((link) => link.addressId !== homeId)
}

/** Whether the other addresses are the same. */
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

/** Ids of the addresses that denies cross to and from. */
export function secondaryIds(
  others: readonly { readonly addressId: number; readonly denyOnly: boolean }[],
): readonly number[] {
  return others.filter((other) => !other.denyOnly).map((other) => other.addressId)
}

/**
 * Secondary addresses that a change of the record affects: added and removed ones, and all of them if its state changed
 * or if it denies or denied.
 */
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
