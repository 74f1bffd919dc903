/**
 * The longest wait for a Retry-After, in seconds. A longer one, such as a day, or a date in 2099 by mistake, must not
 * stop a connection. The requested time is reported (`askedToWait`), and a server that still needs a pause asks again.
 */
export const LONGEST_WAIT_SECONDS = 15 * 60

/** The wait that an answer requests. */
export interface Wait {
  /** Integer seconds, at most {@link LONGEST_WAIT_SECONDS}; null if no time was stated. */
  readonly retryAfterSeconds: number | null
  /** The requested wait if it is longer: `86400 seconds`, or a time (ISO 8601, UTC); else null. */
  readonly askedToWait: string | null
}

const LONGEST_SHOWN = 12

/**
 * Reads a Retry-After header: seconds, or an HTTP date (RFC 9110, 10.2.3). Seconds are rounded up, so that we never
 * call too early. A missing or unreadable header (a negative number, text) states no time.
 */
export function readRetryAfter(header: string | undefined, nowMs: number): Wait {
  const text = header?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(text)) {
    const shown = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
    return capped(Math.ceil(Number(text)), `${shown} seconds`)
  }
  // Date.parse reads "-5" and "1.5e3" as years; an HTTP date always starts with a weekday.
  const atMs = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(atMs)
    ? { retryAfterSeconds: null, askedToWait: null }
    : capped(Math.max(0, Math.ceil((atMs - nowMs) / 1000)), `until ${new Date(atMs).toISOString()}`)
}

function capped(seconds: number, asked: string): Wait {
  return seconds > LONGEST_WAIT_SECONDS
    ? { retryAfterSeconds: LONGEST_WAIT_SECONDS, askedToWait: asked }
    : { retryAfterSeconds: seconds, askedToWait: null }
}
