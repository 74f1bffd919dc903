/** Texts as the database can hold them: PostgreSQL stores no U+0000, and JSON columns no half of a surrogate pair. */

/** U+001A, the sign that ASCII has for "there stood something that cannot be kept". */
const SUBSTITUTE = '\u001A'

/** U+FFFD, which is what encoding half a pair makes of it anyway. */
const REPLACEMENT = '\uFFFD'

const NUL = /\0/g
const LONE_SURROGATE = /\p{Surrogate}/gu

/** What no id holds: control characters, and what stands where a text could not be kept. */
const NOT_IN_ID = /[\p{Cc}\p{Surrogate}\uFFFD]/u

/** Longest id that is kept: one of four bytes a character still fits an index of the database. */
const MAX_ID_CHARACTERS = 200

/**
 * A text with what cannot be stored replaced. An address that held a U+0000 holds a control character then, and so links
 * nobody; another text has lost one sign that nobody saw.
 */
export function storableText(text: string): string {
  return text.replace(NUL, SUBSTITUTE).replace(LONE_SURROGATE, REPLACEMENT)
}

/** Whether a text of an outside system can be kept, found and sent back as an id: what was replaced in it, cannot. */
export function isStorableId(text: string): boolean {
  return text.length > 0 && text.length <= MAX_ID_CHARACTERS && !NOT_IN_ID.test(text)
}
