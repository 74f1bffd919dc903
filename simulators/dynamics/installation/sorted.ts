/** A copy sorted by a text of each element, by code point, so that the order is the same everywhere. */
export function byText<T>(items: readonly T[], text: (item: T) => string): T[] {
  return [...items].sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0))
}
