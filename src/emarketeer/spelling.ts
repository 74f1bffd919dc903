/**
 * An address in the form that eMarketeer compares: only trimmed and lower-cased (docs/wire-emarketeer.md, common
 * rules). Two spellings of one key that still differ are two addresses in eMarketeer, each with its own state.
 * @returns null for no address.
 */
export function emarketeerSpelling(address: string | null | undefined): string | null {
  const form = address?.trim().toLowerCase()
  return form ? form : null
}
