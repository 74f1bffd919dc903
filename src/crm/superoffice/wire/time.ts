/** Databases have no empty date: year 1 (1753 or 1760 on old ones) means none. */
const FIRST_REAL_MS = Date.UTC(1800, 0)

const ZONE = /(?:z|[+-]\d{2}:?\d{2})$/i

/**
 * Reads a time of SuperOffice: UTC, usually without a zone (docs/wire-superoffice.md, 3).
 * @returns Unix ms; null for none, year 1, or a malformed time.
 */
export function parseUtc(text: unknown): number | null {
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2}/.test(text)) {
    return null
  }
  const withTime = text.includes('T') ? text : text.replace(' ', 'T')
  const zoned = ZONE.test(withTime.slice(10)) ? withTime : `${withTimeOfDay(withTime)}Z`
  const ms = Date.parse(zoned)
  return ms >= FIRST_REAL_MS ? ms : null
}

/** A time for a filter: UTC, full seconds, without a zone. */
export function toFilterTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19)
}

function withTimeOfDay(text: string): string {
  return text.length === 10 ? `${text}T00:00:00` : text
}
