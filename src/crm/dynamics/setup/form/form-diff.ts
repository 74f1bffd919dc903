import { type Edit, inOrder } from './edits.js'

/** Unchanged lines shown before and after a change. */
const CONTEXT_LINES = 3

/**
 * The change of a form as a unified diff; empty if there is none. FormXML is mostly one long line, so the diff puts
 * each tag on its own line and numbers those lines. The change itself is made in the original text.
 */
export function formDiff(xml: string, edits: readonly Edit[]): string {
  const hunks: string[] = []
  let grown = 0
  for (const { start, end, text } of inOrder(edits).map((edit) => ofWholeTags(xml, edit))) {
    const before = linesOf(xml.slice(0, start))
    const shownBefore = before.slice(-CONTEXT_LINES)
    const removed = linesOf(xml.slice(start, end))
    const added = linesOf(text)
    const after = linesOf(xml.slice(end)).slice(0, CONTEXT_LINES)
    const first = before.length - shownBefore.length + 1
    const context = shownBefore.length + after.length
    hunks.push(
      `@@ -${first},${context + removed.length} +${first + grown},${context + added.length} @@`,
      ...shownBefore.map((line) => ` ${line}`),
      ...removed.map((line) => `-${line}`),
      ...added.map((line) => `+${line}`),
      ...after.map((line) => ` ${line}`),
    )
    grown += added.length - removed.length
  }
  return hunks.length === 0
    ? ''
    : ['--- form as it is', '+++ form as it would be', ...hunks].join('\n')
}

/** Widens an edit within a tag (a list that is opened) to the full tag. */
function ofWholeTags(xml: string, edit: Edit): Edit {
  const within = edit.start > 0 && xml[edit.start] !== '<' && xml[edit.start - 1] !== '>'
  const start = within ? xml.lastIndexOf('<', edit.start) : edit.start
  return { start, end: edit.end, text: xml.slice(start, edit.start) + edit.text }
}

function linesOf(xml: string): readonly string[] {
  return xml
    .replace(/>\s*</g, '>\n<')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
