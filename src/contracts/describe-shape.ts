/**
 * Describes an invalid value that may be anything, even a pasted secret, by type and size only.
 * @returns null for an absent value.
 */
export function describeShape(value: unknown): string | null {
  if (value === undefined) {
    return null
  }
  if (value === null || typeof value === 'boolean' || typeof value === 'number') {
    return String(value)
  }
  if (typeof value === 'string') {
    return `text of ${value.length} characters`
  }
  return Array.isArray(value) ? `list of ${value.length}` : 'object'
}
