/**
 * Differences in keys between a document and its example, one per line. Lists are compared by their first items; null
 * matches anything, and an empty list any list.
 */
export function shapeFaults(example: unknown, actual: unknown, path = '$'): readonly string[] {
  if (example === null || actual === null) {
    return []
  }
  if (Array.isArray(example) || Array.isArray(actual)) {
    if (!Array.isArray(example) || !Array.isArray(actual)) {
      return [`${path} is a list in one of them only`]
    }
    const [first, other] = [example[0] as unknown, actual[0] as unknown]
    return first === undefined || other === undefined ? [] : shapeFaults(first, other, `${path}[0]`)
  }
  if (typeof example !== typeof actual) {
    return [`${path} is ${typeof example} in the example and ${typeof actual} in the document`]
  }
  if (typeof example !== 'object' || typeof actual !== 'object') {
    return []
  }
  const [told, there] = [example as Record<string, unknown>, actual as Record<string, unknown>]
  const keys = [...new Set([...Object.keys(told), ...Object.keys(there)])]
  return keys.flatMap((key) => {
    if (!(key in there)) {
      return [`${path}.${key} is only in the example`]
    }
    return key in told
      ? shapeFaults(told[key], there[key], `${path}.${key}`)
      : [`${path}.${key} is only in the document`]
  })
}
