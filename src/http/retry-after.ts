/**
 * Reads a Retry-After header: seconds, or an HTTP date (RFC 9110, 10.2.3).
 *
 * @returns whole seconds from now, rounded up so that we never come back early; null where missing or unreadable.
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | null {
  const text = header?.trim()
  if (!text) {
    return null
  }
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) {
    return Math.ceil(Number(text))
  }
  // Date.parse takes "-5" or "1.5e3" for years; an HTTP date always starts with a weekday.
  const atMs = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(atMs) ? null : Math.max(0, Math.ceil((atMs - nowMs) / 1000))
}
