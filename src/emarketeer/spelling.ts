/**
 * An address as eMarketeer itself compares it: trimmed and lower-cased, no more (docs/wire-emarketeer.md, common rules).
 * Addresses of one key that differ in this are two to eMarketeer, each with a state of its own.
 *
 * @returns null for nothing.
 */
export function emarketeerSpelling(address: string | null | undefined): string | null {
  const form = address?.trim().toLowerCase()
  return form ? form : null
}
