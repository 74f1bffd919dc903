/** The text of address fields: what does not tell addresses apart, and what stands around and between them. */

/** Never seen, so never part of what somebody typed: zero-width spaces and joiners, soft hyphens, direction marks, BOM. */
const INVISIBLE = /\p{Cf}/gu

/** Half of a character; the database would store another one in its place. */
const LONE_SURROGATE = /\p{Surrogate}/gu

/** Line breaks and the like; the database stores no NUL at all. */
const CONTROL = /\p{Cc}/gu

/** White space of any kind, no-break space included. */
const BLANK = /\p{White_Space}+/gu

/** Never inside an address: blanks, brackets, quotes, lists; their wide forms, as East Asian keyboards type them. */
const SEPARATOR = /[\p{White_Space}<>()[\],;:"\\|“”„‟«»‹›，；、：＜＞（）｜]/u

/** Quotes and dots around an address: `'a@x'`, `a@x.`. Inside they may belong to it (`o'brien@x`). */
const WRAPPING = /^['‘’‚‛`´.]+|['‘’‚‛`´.…。．｡]+$/gu

/** What no domain holds among ASCII: there it ends (`a@x?subject=hi`). */
const NOT_IN_DOMAIN = /[^a-z0-9._\-\u0080-\u{10ffff}]/u

/** May stand between two addresses without a blank, and inside one as well: `a@x-b@x`, `a@x—b@x`, `a@x|b@x`. */
const BETWEEN = /[^\p{L}\p{M}\p{N}@.]/u

/** Signs for @ that input methods make. */
const WIDE_AT = /[＠﹫]/gu

/** Without what never tells two people apart: invisible characters, outer blanks, Unicode's forms, case. */
export function foldAddress(text: string): string {
  return text
    .replace(LONE_SURROGATE, '\uFFFD')
    .replace(INVISIBLE, '')
    .replace(CONTROL, ' ')
    .normalize('NFC')
    .toLowerCase()
    .normalize('NFC')
    .trim()
}

/** Whether a folded text holds more than an address: separators, wrapping, or what no domain holds. */
export function isDecorated(folded: string): boolean {
  const domain = folded.slice(folded.indexOf('@') + 1)
  return SEPARATOR.test(folded) || unwrapped(folded) !== folded || NOT_IN_DOMAIN.test(domain)
}

/** What in a folded text may be an address, each by itself. Rather too many than too few: only denies count for them. */
export function splitAddresses(folded: string): readonly string[] {
  const text = folded.replace(WIDE_AT, '@')
  // Of one alone, blanks may stand around its very sign: `a @ x`.
  const texts = countOf(text, '@') === 1 ? [text, text.replace(BLANK, '')] : [text]
  const parts = texts
    .flatMap((one) => one.split(SEPARATOR))
    .flatMap((part) => (countOf(part, '@') > 1 ? part.split(/[/&]/) : [part]))
    .flatMap((part) => [part, ...(countOf(part, '@') > 1 ? part.split(BETWEEN) : [])])
    .flatMap(pairs)
  // A sign with nothing on one side of it is no address.
  return parts.filter((part) => !/^@|@$/.test(part))
}

function countOf(text: string, sign: string): number {
  return text.split(sign).length - 1
}

/** Each @ with what stands before and after it: one pair, but where nothing separates two addresses. */
function pairs(part: string): readonly string[] {
  const pieces = part.split('@')
  return pieces.slice(1).map((domain, index) => {
    const end = domain.search(NOT_IN_DOMAIN)
    return unwrapped(`${pieces[index]}@${end === -1 ? domain : domain.slice(0, end)}`)
  })
}

function unwrapped(text: string): string {
  return text.replace(WRAPPING, '')
}
