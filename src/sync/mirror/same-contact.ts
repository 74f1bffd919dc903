import type { CrmContact } from '../../crm/crm.js'
import { recordAddresses } from '../../domain/record-addresses.js'
import type { StoredCrmContact } from '../../ledger/copy/crm-mirror-rows.js'
import type { KnownCrmContact } from '../../ledger/copy/known-crm-contacts.js'
import { isPartlyTold } from './secondary-links.js'

/** Whether a reading says of a contact what our copy says; versions are compared for equality only. Pure. */
export function saysTheSame(read: CrmContact, known: KnownCrmContact): boolean {
  return (
    read.state === known.state &&
    read.mergedInto === known.mergedInto &&
    sameConsents(read.consents, known.consents) &&
    (read.emailUnreadable ?? false) === known.addressUntold &&
    sameAddresses(read, known)
  )
}

/** Others as `otherLinks` keeps them: none of a record that is not live. */
function sameAddresses(read: CrmContact, known: KnownCrmContact): boolean {
  const { home, unusable, secondary, denyOnly } = recordAddresses(read)
  const isLive = read.state === 'live'
  const [toldSecondary, toldDenyOnly] = isLive ? [secondary, denyOnly] : [[], []]
  const sameOthers = isPartlyTold(read) ? includesAll : sameSet
  return (
    (read.emailUnreadable === true ||
      (home === known.email && unusable === known.unusableAddress)) &&
    sameOthers(toldSecondary, known.secondary ?? []) &&
    sameOthers(toldDenyOnly, known.denyOnly ?? [])
  )
}

function includesAll(now: readonly string[], before: readonly string[]): boolean {
  return now.every((key) => before.includes(key))
}

function sameSet(now: readonly string[], before: readonly string[]): boolean {
  return now.length === before.length && includesAll(now, before)
}

/** The same of a reading as it would be stored. */
export function sameContact(a: StoredCrmContact, b: StoredCrmContact): boolean {
  return (
    a.addressId === b.addressId &&
    a.state === b.state &&
    a.mergedInto === b.mergedInto &&
    a.unusableAddress === b.unusableAddress &&
    a.addressUntold === b.addressUntold &&
    sameConsents(a.consents, b.consents)
  )
}

/** Whether the same values stand in the same versions. */
function sameConsents(a: StoredCrmContact['consents'], b: StoredCrmContact['consents']): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof typeof a>
  return [...keys].every(
    (key) => a[key]?.version === b[key]?.version && a[key]?.value === b[key]?.value,
  )
}
