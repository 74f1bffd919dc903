/** Line breaks, other controls, and what turns the direction of writing. */
const STEERING = /[\p{Cc}\u2028-\u202E\u2066-\u2069]+/gu

/**
 * What Markdown reads as more than a letter; a colon and a dot only where they would make a link of a text, a low line not
 * within a word (`crm_refused`).
 */
const SIGNS = /[\\`*[\]<>|~&@]|(?<![a-z0-9])_|_(?![a-z0-9])|:(?=\/\/)|(?<=\bwww)\./gi

/**
 * Text that is not ours (names of forms and categories, what somebody typed, what a failure says) as Temporal's UI is to show
 * it, which reads details as Markdown: letter by letter, on one line, and never as a link, a picture or a line of its own.
 */
export function plainText(text: string): string {
  return text
    .replace(STEERING, ' ')
    .trim()
    .replace(SIGNS, String.raw`\$&`)
}
