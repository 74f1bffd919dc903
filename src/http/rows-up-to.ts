import { z } from 'zod'

/**
 * A list of at most so many entries, counted before one of them is looked at: each that does not fit would else be a fault
 * of its own, and a million faults take minutes.
 */
export function rowsUpTo<S extends z.ZodType>(maxRows: number, row: S) {
  return z.array(z.unknown()).max(maxRows).pipe(z.array(row))
}
