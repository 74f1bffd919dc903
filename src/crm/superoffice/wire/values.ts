import { parseUtc } from './time.js'

/** A row of an archive, its column names in lower case. */
export type ArchiveRow = Readonly<Record<string, unknown>>

/**
 * Brings rows into one form; an entry that is not a row becomes an empty one. Slim mode, the default that we use,
 * returns display values; full mode returns `{RawValue, DisplayValue}` of each below `Column`. The case of column names
 * is the server's. (docs/wire-superoffice.md, 6)
 */
export function normalizeRows(raw: readonly unknown[]): ArchiveRow[] {
  // A sendout reads several rows per contact, and all rows of an answer have the same columns.
  const lowerCase = new Map<string, string>()
  return raw.map((one) => {
    const row: Record<string, unknown> = {}
    const given = (typeof one === 'object' && one !== null ? one : {}) as Record<string, unknown>
    const { Column: full } = given
    const cells = typeof full === 'object' && full !== null ? { ...given, ...full } : given
    for (const [name, value] of Object.entries(cells)) {
      let column = lowerCase.get(name)
      if (column === undefined) {
        column = name.toLowerCase()
        lowerCase.set(name, column)
      }
      row[column] = plain(value)
    }
    return row
  })
}

function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    return value
  }
  const cell = value as { readonly RawValue?: unknown; readonly DisplayValue?: unknown }
  // Any other object is not a value, not even an empty one.
  return 'RawValue' in cell || 'DisplayValue' in cell
    ? (cell.RawValue ?? cell.DisplayValue ?? null)
    : undefined
}

/** Names of columns as our own code writes them, in lower case: a fixed few, each asked for in every row. */
const lowered = new Map<string, string>()

function lowerOf(column: string): string {
  const known = lowered.get(column)
  if (known !== undefined) {
    return known
  }
  const lower = column.toLowerCase()
  lowered.set(column, lower)
  return lower
}

/** Whether a row has a column, possibly empty: a missing or mistyped value is not an answer. */
export function isReadable(
  row: ArchiveRow,
  column: string,
  types: readonly string[] = ['string', 'number'],
): boolean {
  const value = row[lowerOf(column)]
  return value === null || types.includes(typeof value)
}

/** An integer, also as text; null if it is not one. */
export function numberOf(row: ArchiveRow, column: string): number | null {
  return toNumber(row[lowerOf(column)])
}

/** An integer, also as text; null if it is not one. */
export function toNumber(value: unknown): number | null {
  if (typeof value === 'string' && /^-?\d{1,15}$/.test(value.trim())) {
    return Number(value)
  }
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null
}

/**
 * Yes or no: a boolean, or a number as in SuperOffice's database (0 is no); null if it is neither. (`Active` of a
 * purpose is an int32, `Deleted` of a source a boolean: docs/wire-superoffice.md, 4)
 */
export function toFlag(value: unknown): boolean | null {
  const number = toNumber(value)
  return typeof value === 'boolean' ? value : number === null ? null : number !== 0
}

/** Text, trimmed; null if it is empty or no text. */
export function textOf(row: ArchiveRow, column: string): string | null {
  const value = row[lowerOf(column)]
  return typeof value === 'string' ? value.trim() || null : null
}

/** A time, Unix ms; null if it is none or year 1. */
export function timeOf(row: ArchiveRow, column: string): number | null {
  return parseUtc(row[lowerOf(column)])
}

/** Whether there is a date, readable or not: a year before 1800, null and an empty text mean none. */
export function hasDate(row: ArchiveRow, column: string): boolean {
  const text = textOf(row, column)
  return text !== null && !/^(?:0\d|1[0-7])\d{2}-/.test(text)
}
