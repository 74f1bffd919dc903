/** A piece of the text that is replaced; an insertion where `start` and `end` are one. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The text with the edits made, which must not overlap; whatever they do not name stays as it is. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = ''
  let place = 0
  for (const edit of inOrder(edits)) {
    result += text.slice(place, edit.start) + edit.text
    place = edit.end
  }
  return result + text.slice(place)
}

/** The edits by place. */
export function inOrder(edits: readonly Edit[]): readonly Edit[] {
  return edits.toSorted((a, b) => a.start - b.start)
}
