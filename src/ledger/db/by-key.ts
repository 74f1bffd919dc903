/**
 * Values by row key, as JSON. A join with a list would compare every row that is newer than the planner's statistics
 * with all entries of the list (docs/ledger.md, "Plans").
 */
export function byKey(values: readonly (readonly [string, unknown])[]): string {
  return JSON.stringify(Object.fromEntries(values))
}
