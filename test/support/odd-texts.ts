/**
 * Texts that an external system may send and that a database or a terminal does not accept unchanged. Every test of
 * such input uses them.
 */
export const ODD_TEXTS: Readonly<Record<string, string>> = {
  'a zero character': 'a\0b',
  'half a surrogate pair': 'a\uD800b',
  'its other half': 'a\uDC00b',
  '6,000 characters': 'a'.repeat(6_000),
  'control characters': 'a\u001B[2J\u0007b',
  'a direction override': 'a\u202Eb',
  nothing: '',
}
