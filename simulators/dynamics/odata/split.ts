/** Splits at a separator outside quotes and brackets: `a($select=b,c),d` at commas gives two parts. */
export function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = []
  let depth = 0
  let quoted = false
  let start = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === "'") {
      quoted = !quoted
    } else if (!quoted && (char === '(' || char === '[')) {
      depth += 1
    } else if (!quoted && (char === ')' || char === ']')) {
      depth -= 1
    } else if (!quoted && depth === 0 && char === separator) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}
