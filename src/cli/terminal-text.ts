import type { Writable } from 'node:stream'
import type { WorkReport } from '../contracts/work-report.js'

/**
 * Text that may reach a terminal. Names, addresses and words from outside can contain control characters, which move
 * the cursor and hide text, direction marks, which make a line look like another one, and characters that nobody sees,
 * which make two names look the same. Support must be able to trust what it is about to approve, so these are shown as
 * `\u{200b}`.
 */

/**
 * Control characters of both sets, line and paragraph separators, format characters (direction, zero width, byte order
 * mark, tags), and letters and marks without a glyph. Variation selectors stay: emoji have them.
 */
const UNFIT = String.raw`\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u034F\u115F\u1160\u17B4\u17B5\u3164\uFFA0`
const UNFIT_SIGN = new RegExp(`[${UNFIT}]`, 'gu')
const UNFIT_BUT_LINES = new RegExp(`(?!\\n)[${UNFIT}]`, 'gu')

/** Those of them that JSON leaves unescaped. */
const UNFIT_IN_JSON = new RegExp(`(?![\\n\\r])[${UNFIT}]`, 'gu')

/** ANSI codes of the styles in use. */
const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

/** A style of text on a terminal. */
export type Style = keyof typeof STYLES

/**
 * Styles are marked by Unicode noncharacters, which `forTerminal` turns into ANSI codes. So our own text never contains
 * an escape character, and one from outside does not get through.
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

/** Text in a style, for {@link forTerminal}. */
export function coloured(style: Style, text: string): string {
  return `${MARKS.get(style)!.mark}${text}${END_MARK}`
}

/** A character that must not reach a terminal, in words. */
function escaped(sign: string): string {
  return `\\u{${sign.codePointAt(0)!.toString(16)}}`
}

/** Cleans everything that is written for people: keeps only line breaks, and turns marks into ANSI codes. */
export function forTerminal(text: string): string {
  return text.replace(UNFIT_BUT_LINES, escaped).replace(/[\uFDD0-\uFDEF]/g, (mark) => {
    const code = CODES.get(mark)
    return code === undefined ? '\uFFFD' : `\u001B[${code}m`
  })
}

/** Exact JSON, with `\uXXXX` for what a terminal must not receive. @param indent 2: for people; absent: on one line. */
export function jsonText(document: unknown, indent?: number): string {
  return JSON.stringify(document, null, indent).replace(UNFIT_IN_JSON, (sign) =>
    // Both halves of a surrogate pair.
    sign.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
}

/**
 * Text from outside (names of forms, what somebody typed) for one of our lines. It stays on one line, so that it can
 * neither look like a line of its own nor end a line that somebody pastes into a shell.
 */
export function safeText(text: string): string {
  return text
    .replace(/[\t-\r\x85\u2028\u2029]+/g, ' ')
    .replace(UNFIT_SIGN, escaped)
    .replace(/[\uFDD0-\uFDEF]/g, '')
    .trim()
}

/** Lines with their indentation. The content of a line never becomes a line of its own. */
export function linesText(lines: readonly string[]): string {
  return lines.map((line) => `${/^ */.exec(line)![0]}${safeText(line)}`).join('\n')
}

/** An argument for a POSIX shell, quoted if necessary. */
export function shellQuoted(text: string): string {
  const safe = safeText(text)
  return /^[\w./:@-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", String.raw`'\''`)}'`
}

/** Columns for a terminal, each as wide as its widest cell. A cell is always one line. */
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

/** Gives text a style, or returns it unchanged. */
export type Paint = (style: Style, text: string) => string

/** No style: for files, pipes and tests. */
export const plain: Paint = (_style, text) => text

/** Colours if the stream is a terminal that has them. Node respects NO_COLOR and FORCE_COLOR there. */
export function paintFor(stream: Writable): Paint {
  const { isTTY, hasColors } = stream as { isTTY?: boolean; hasColors?: () => boolean }
  return isTTY === true && hasColors?.call(stream) === true ? coloured : plain
}

/** The result of an activity's work, as text. */
export function workText(report: WorkReport): string {
  const { addresses, decisions, writes, held, requests } = report
  return (
    `${addresses} contacts processed, ${decisions} decided, ` +
    `${writes.emarketeer} written to eMarketeer, ${writes.crm} to the CRM, ${held} held ` +
    `(requests: eMarketeer ${requests.emarketeer}, CRM ${requests.crm})`
  )
}
