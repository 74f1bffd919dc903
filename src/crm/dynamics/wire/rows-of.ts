import { z } from 'zod'

/**
 * Rows of an answer, read one by one: one that does not fit is left out, alone. They are others' too (endpoints, columns,
 * keys, forms), and somebody else's odd row must not stop ours.
 */
export function rowsOf<S extends z.ZodType>(row: S) {
  return z.array(z.unknown()).transform((rows) =>
    rows.flatMap((one): z.output<S>[] => {
      const read = row.safeParse(one)
      return read.success ? [read.data] : []
    }),
  )
}
