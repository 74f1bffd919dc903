import { safeText } from './terminal-text.js'

/** Columns for a terminal, each as wide as its widest cell. A cell is one line, whatever it holds. */
export function textTable(head: readonly string[], given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(safeText))
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
