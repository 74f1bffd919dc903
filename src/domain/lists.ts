/** Cuts a list into pieces of at most `size`; order kept. */
export function chunksOf<T>(values: readonly T[], size: number): T[][] {
  const chunks: T[][] = []
  for (let at = 0; at < values.length; at += size) {
    chunks.push(values.slice(at, at + size))
  }
  return chunks
}

/** Items by their key, each group in the order of the list. */
export function groupBy<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group) {
      group.push(item)
    } else {
      groups.set(key(item), [item])
    }
  }
  return groups
}

/** A list in two halves; the first may be one longer. */
export function halvesOf<T>(values: readonly T[]): readonly [readonly T[], readonly T[]] {
  const middle = Math.ceil(values.length / 2)
  return [values.slice(0, middle), values.slice(middle)]
}

/** Splits a list into the fewest pieces of at most `most`, of about equal length. */
export function evenChunksOf<T>(values: readonly T[], most: number): T[][] {
  const pieces = Math.max(1, Math.ceil(values.length / most))
  return chunksOf(values, Math.max(1, Math.ceil(values.length / pieces)))
}
