/**
 * Texts that the database can hold: PostgreSQL cannot store U+0000, and its JSON columns cannot store half of a
 * surrogate pair.
 */

/** U+001A, ASCII's substitute for what cannot be kept. */
const SUBSTITUTE = '\u001A'

/** U+FFFD, with which encoding replaces half a surrogate pair. */
const REPLACEMENT = '\uFFFD'

const NUL = /\0/g
const LONE_SURROGATE = /\p{Surrogate}/gu

/** Never in an id: control characters and replaced characters. */
const NOT_IN_ID = /[\p{Cc}\p{Surrogate}\uFFFD]/u

/** Longest id. At four bytes per character it still fits an index of the database. */
const MAX_ID_CHARACTERS = 200

/**
 * Replaces what cannot be stored. An address with a U+0000 then holds a control character and links nobody; any other
 * text loses one invisible character.
 */
export function storableText(text: string): string {
  return text.replace(NUL, SUBSTITUTE).replace(LONE_SURROGATE, REPLACEMENT)
}

/** Whether a text can be stored, found and sent back as an id: one with replaced characters cannot. */
export function isStorableId(text: string): boolean {
  return text.length > 0 && text.length <= MAX_ID_CHARACTERS && !NOT_IN_ID.test(text)
}
