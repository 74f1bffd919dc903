import type { Writable } from 'node:stream'
import type { WorkReport } from '../contracts/work-report.js'

/**
 * What may reach a terminal. Names, addresses and words from outside can hold control characters, which move the cursor
 * and hide what stands there, and direction marks, which make a line read as another one: Support must be able to trust
 * what it is about to approve.
 */

/** Controls of both sets, line and paragraph separators, and what turns the direction of writing. */
const UNFIT = String.raw`\p{Cc}\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069`
const UNFIT_RUN = new RegExp(`[${UNFIT}]+`, 'gu')
const UNFIT_BUT_LINES = new RegExp(`(?!\\n)[${UNFIT}]`, 'gu')

/** What JSON leaves unescaped of it. */
const UNFIT_IN_JSON = new RegExp(`(?![\\n\\r])[${UNFIT}]`, 'gu')

/** ANSI codes of the few styles that are used. */
const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

/** A style of text on a terminal. */
export type Style = keyof typeof STYLES

/**
 * Styles are marked by signs that Unicode keeps for a program's own use, and become ANSI codes where text leaves: so no
 * escape character is ever among what is written, and none that came from outside gets through.
 */
const FIRST_MARK = 0xfdd0
const END_MARK = String.fromCharCode(FIRST_MARK + Object.keys(STYLES).length)
const MARKS = new Map(
  Object.entries(STYLES).map(([style, code], index) => [
    style,
    { mark: String.fromCharCode(FIRST_MARK + index), code },
  ]),
)
const CODES = new Map<string, number>([
  ...[...MARKS.values()].map(({ mark, code }) => [mark, code] as const),
  [END_MARK, 0],
])

/** Text in a style; for {@link forTerminal} to spell out. */
export function coloured(style: Style, text: string): string {
  return `${MARKS.get(style)!.mark}${text}${END_MARK}`
}

/** Everything that is written for people goes through here: only line breaks are kept, and styles are spelled out. */
export function forTerminal(text: string): string {
  return text.replace(UNFIT_BUT_LINES, '\uFFFD').replace(/[\uFDD0-\uFDEF]/g, (mark) => {
    const code = CODES.get(mark)
    return code === undefined ? '\uFFFD' : `\u001B[${code}m`
  })
}

/** JSON, exact, with what a terminal does not take as `\uXXXX`. @param indent 2: for people; absent: on one line. */
export function jsonText(document: unknown, indent?: number): string {
  return JSON.stringify(document, null, indent).replace(
    UNFIT_IN_JSON,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/**
 * Text from outside (names of forms, what somebody typed) within one of our lines. It stays on one line, so that it can
 * neither pass for a line of its own nor end one that somebody pastes into a shell.
 */
export function safeText(text: string): string {
  return text
    .replace(UNFIT_RUN, ' ')
    .replace(/[\uFDD0-\uFDEF]/g, '')
    .trim()
}

/** Lines, their indentation kept: what stands in one of them is part of it, and never a line of its own. */
export function linesText(lines: readonly string[]): string {
  return lines.map((line) => `${/^ */.exec(line)![0]}${safeText(line)}`).join('\n')
}

/** An argument as a POSIX shell takes it, quoted where it needs it. */
export function shellQuoted(text: string): string {
  const safe = safeText(text)
  return /^[\w./:@-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", String.raw`'\''`)}'`
}

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

/** Gives text a style, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

/** For files, pipes and tests. */
export const plain: Paint = (_style, text) => text

/** Colours if the stream is a terminal that has them; Node heeds NO_COLOR and FORCE_COLOR there. */
export function paintFor(stream: Writable): Paint {
  const { isTTY, hasColors } = stream as { isTTY?: boolean; hasColors?: () => boolean }
  return isTTY === true && hasColors?.call(stream) === true ? coloured : plain
}

/** The result of a piece of work, in words. */
export function workText(report: WorkReport): string {
  const { addresses, decisions, writes, held, requests } = report
  return (
    `${addresses} contacts processed, ${decisions} decided, ` +
    `${writes.emarketeer} written to eMarketeer, ${writes.crm} to the CRM, ${held} held ` +
    `(requests: eMarketeer ${requests.emarketeer}, CRM ${requests.crm})`
  )
}
