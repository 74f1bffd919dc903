/**
 * An address as eMarketeer compares it: only trimmed and lower-cased (docs/wire-emarketeer.md, common rules). Two
 * addresses of one key that still differ are two addresses in eMarketeer, each with its own state.
 * @returns null for nothing.
 */
export function emarketeerSpelling(address: string | null | undefined): string | null {
  const form = address?.trim().toLowerCase()
  return form ? form : null
}
