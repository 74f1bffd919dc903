/** Line breaks, other control characters, and marks that change the writing direction. */
const STEERING = /[\p{Cc}\u2028-\u202E\u2066-\u2069]+/gu

/**
 * Characters that Markdown interprets: a colon and a dot only if they would make a link, an underscore only outside a
 * word (`crm_refused`).
 */
const SIGNS = /[\\`*[\]<>|~&@]|(?<![a-z0-9])_|_(?![a-z0-9])|:(?=\/\/)|(?<=\bwww)\./gi

/**
 * Escapes external text (names of forms and categories, a person's text, messages of failures) for Temporal's UI, which
 * reads details as Markdown. The result is one literal line without links or pictures.
 */
export function plainText(text: string): string {
  return text
    .replace(STEERING, ' ')
    .trim()
    .replace(SIGNS, String.raw`\$&`)
}
