/** A part of the text to replace, by offsets in UTF-16 units; an insertion if `start` equals `end`. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Applies the edits, which must not overlap. The rest of the text stays unchanged. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = ''
  let place = 0
  for (const edit of inOrder(edits)) {
    result += text.slice(place, edit.start) + edit.text
    place = edit.end
  }
  return result + text.slice(place)
}

/** The edits in the order of the text. */
export function inOrder(edits: readonly Edit[]): readonly Edit[] {
  return edits.toSorted((a, b) => a.start - b.start)
}
