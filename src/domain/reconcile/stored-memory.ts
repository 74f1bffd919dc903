/**
 * The form of what passes store of a cell. The ledger's columns take any JSON, and another form reads as "nothing seen":
 * it may hide a deny, or an Allow of ours, on its way. So nobody is verified by it, and nothing is decided from it.
 */

/** Whether this is a memory as passes store it. JSON's null is none: a cell without an observation has SQL's NULL. */
export function isMemory(stored: {
  readonly seen: unknown
  readonly openAllow: unknown
  readonly departed: unknown
}): boolean {
  const { seen, openAllow, departed } = stored
  return (
    (seen === null || (isObject(seen) && isListOfSeen(seen['records']))) &&
    isObject(openAllow) &&
    Object.values(openAllow).every((guard) => typeof guard === 'string') &&
    isListOfSeen(departed)
  )
}

/** Whether this is what a record took along from another cell, or null. */
export function isLeftWith(stored: unknown): boolean {
  return stored === null || (isObject(stored) && isSeen(stored['seen']))
}

/** As {@link isLeftWith}, by purpose: what a contact took along. */
export function isLeftWithByPurpose(stored: unknown): boolean {
  return (
    stored === null ||
    (isObject(stored) && Object.values(stored).every((one) => one !== null && isLeftWith(one)))
  )
}

function isListOfSeen(stored: unknown): boolean {
  return Array.isArray(stored) && stored.every(isSeen)
}

function isSeen(stored: unknown): boolean {
  return isObject(stored) && typeof stored['recordId'] === 'string'
}

function isObject(stored: unknown): stored is Readonly<Record<string, unknown>> {
  return typeof stored === 'object' && stored !== null && !Array.isArray(stored)
}
