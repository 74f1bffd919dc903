import type { CrmContact } from '../crm/crm.js'
import { addressKey } from '../domain/email-address.js'
import { isDeny, unarrivedDenies, type OtherAddress } from './crm-other-addresses.js'
import type { StoredCrmContact } from './crm-mirror-rows.js'

/** Ids of a record's further addresses; none of one that is not live, and never its primary one. */
export function furtherAddresses(
  contact: CrmContact,
  primaryId: number | null,
  addressIds: ReadonlyMap<string, number>,
): readonly number[] {
  if (contact.state !== 'live') {
    return []
  }
  const ids = contact.otherEmails
    .map(addressKey)
    .flatMap((email) => (email === null ? [] : [addressIds.get(email)!]))
  return [...new Set(ids)].filter((id) => id !== primaryId).sort((a, b) => a - b)
}

/** Whether a record has the further addresses that it had. */
export function sameFurtherAddresses(
  before: readonly OtherAddress[],
  now: readonly number[],
): boolean {
  return before.length === now.length && before.every((other) => now.includes(other.addressId))
}

/** Further addresses at which a change of the record matters: those that came or left, all where it denies or denied. */
export function guestPlaces(
  before: StoredCrmContact | undefined,
  next: StoredCrmContact,
  hadOthers: readonly OtherAddress[],
  others: readonly number[],
): readonly number[] {
  const had = hadOthers.map((other) => other.addressId)
  const consents = [...Object.values(before?.consents ?? {}), ...Object.values(next.consents)]
  const everywhere = before?.state !== next.state || consents.some(isDeny)
  return [...new Set([...had, ...others])].filter(
    (id) => everywhere || !had.includes(id) || !others.includes(id),
  )
}

/**
 * The record as it stood at the further addresses that it leaves, with those denies that eMarketeer has not taken over
 * there: they must outlive it (as those of a primary address do).
 * @param stays the addresses that it has from now on.
 */
export function guestsLeaving(
  record: StoredCrmContact,
  hadOthers: readonly OtherAddress[],
  stays: readonly (number | null)[],
): readonly StoredCrmContact[] {
  return hadOthers
    .filter((other) => !stays.includes(other.addressId))
    .flatMap(({ addressId, arrived }) => {
      const denies = unarrivedDenies(record.consents, arrived)
      const consents = Object.fromEntries(
        denies.map((purpose) => [purpose, record.consents[purpose]!]),
      )
      return denies.length === 0 ? [] : [{ ...record, addressId, consents }]
    })
}
