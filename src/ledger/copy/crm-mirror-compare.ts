import type { StoredCrmContact } from './crm-mirror-rows.js'

/** Whether a reading says what the stored one says; versions are compared for equality only. */
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
export function sameConsents(
  a: StoredCrmContact['consents'],
  b: StoredCrmContact['consents'],
): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof typeof a>
  return [...keys].every(
    (key) => a[key]?.version === b[key]?.version && a[key]?.value === b[key]?.value,
  )
}
