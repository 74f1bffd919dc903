/** A word with more wrong letters is a different word. */
const MAX_EDITS = 2

/**
 * The known key that a misspelt one probably means: apart from case, at most two letters are added, missing or
 * different.
 * @returns null if none is near.
 */
export function nearestKey(key: string, known: readonly string[]): string | null {
  if (key.length > 60) {
    return null
  }
  const near = known
    .map((one) => ({ one, edits: editsBetween(key.toLowerCase(), one.toLowerCase()) }))
    .filter(({ one, edits }) => edits <= MAX_EDITS && edits < one.length / 2)
    .sort((a, b) => a.edits - b.edits)
  return near[0]?.one ?? null
}

/** Letters to insert, delete or replace to turn one word into the other (Levenshtein distance). */
function editsBetween(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, above[j]! + 1, row[j - 1]! + 1))
    }
    above = row
  }
  return above[b.length]!
}
