/**
 * Text from outside (names of forms, what somebody typed) as a terminal may show it: without control characters, which
 * could move the cursor, or end a line that somebody pastes into a shell.
 */
export function safeText(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]+/gu, ' ').trim()
}

/** An argument as a POSIX shell takes it, quoted where it needs it. */
export function shellQuoted(text: string): string {
  const safe = safeText(text)
  return /^[\w./:@-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", String.raw`'\''`)}'`
}
