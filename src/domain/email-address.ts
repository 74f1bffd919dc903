/**
 * E-mail addresses as the unit of consent (rule A; docs/wire-emarketeer.md, common rules).
 *
 * eMarketeer compares addresses trimmed and lower-cased, and refuses some characters; the same form is
 * used for both systems, so that an opt-out recorded under any spelling meets the same cell.
 */

/** Characters that eMarketeer does not take in an address. */
const REFUSED_CHARACTERS = /[!#$%*/?^`{|}~\\]/

/** The longest address Dynamics holds (emailaddress1). */
const MAX_LENGTH_CHARACTERS = 100

/**
 * The form in which addresses are compared: NFC, trimmed, lower-cased.
 *
 * @returns null for null, undefined and blank input: no address.
 */
export function normalizeEmail(address: string | null | undefined): string | null {
  const form = address?.normalize('NFC').trim().toLowerCase()
  return form ? form : null
}

/** Whether a normalised address can be mailed at all (exclusion reason `addressInvalid`). */
export function isValidEmail(address: string): boolean {
  if (address.length > MAX_LENGTH_CHARACTERS || REFUSED_CHARACTERS.test(address)) {
    return false
  }
  return /^[^\s@<>()[\],;:"]+@[^\s@<>()[\],;:".]+(\.[^\s@<>()[\],;:".]+)+$/.test(address)
}
