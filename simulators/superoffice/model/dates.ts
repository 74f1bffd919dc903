/** Dates are stored as seconds since 1970: the service has one-second resolution (wire page, section 3). */

/** Year 1, which stands for "no date". */
export const YEAR_ONE = -62_135_596_800

/** `2026-02-24T09:31:12`: UTC, without a zone unless a suffix is requested. */
export function wireDate(seconds: number, suffix = ''): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${suffix}`
}

/** Seconds of a literal in a filter: a date, or a date and time, without zone; undefined if it is neither. */
export function parseLiteralDate(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2})?$/.test(text)) {
    return undefined
  }
  const ms = Date.parse(text.length === 10 ? `${text}T00:00:00Z` : `${text}Z`)
  return Number.isNaN(ms) ? undefined : ms / 1000
}

/** The UTC day of a time, as a number. */
export function dayOf(seconds: number): number {
  return Math.floor(seconds / 86_400)
}
