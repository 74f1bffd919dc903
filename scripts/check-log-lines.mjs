import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { checkoutTexts } from './checkout-texts.mjs'

const PAGE = 'docs/operating.md'

/**
 * Warnings and errors of src that the table of docs/operating.md lacks or gives another level, and rows that src never
 * logs. A row that ends in `…` stands for every line that begins like it. @returns one line each.
 */
export function logLineFaults(root) {
  const rows = [
    ...readFileSync(join(root, PAGE), 'utf8').matchAll(
      /^\|\s*(.*?)(…)?\s*\|\s*(warn|error|info)\s*\|/gm,
    ),
  ].map(([, start, more, level]) => ({ start: start.trim(), isPrefix: more === '…', level }))
  const sources = checkoutTexts(root, { under: ['src'], kinds: /\.ts$/ })
  const all = sources.map(({ text }) => text.replaceAll('\\`', '`')).join('\n')
  return [
    ...sources.flatMap(({ file, text }) =>
      loggedIn(file, text)
        .filter(
          ([level, line]) =>
            !rows.some(
              (row) =>
                row.level === level &&
                (row.isPrefix ? line.startsWith(row.start) : line === row.start),
            ),
        )
        .map(([level, line]) => `${PAGE}: the table has no row "${line}" (${level}, ${file})`),
    ),
    ...rows
      .filter(({ start }) => !all.includes(start))
      .map(({ start }) => `${PAGE}: src logs no line "${start}"`),
  ]
}

/** Level and message of a file's calls that warn or report an error with a literal text. */
function loggedIn(file, text) {
  const found = []
  const visit = (node) => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const level = node.expression.name.text
      const message = node.arguments.at(-1)
      if (/^(?:warn|error)$/.test(level) && message && ts.isStringLiteralLike(message)) {
        found.push([level, message.text])
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest))
  return found
}
