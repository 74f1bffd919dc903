import { z } from 'zod'
import { MAX_ROWS } from '../../../http/index.js'

/**
 * Rows of an answer, read one by one: one that does not fit is left out, alone. They are others' too (endpoints, columns,
 * keys, forms), and somebody else's odd row must not stop ours. More than a page has are no page.
 */
export function rowsOf<S extends z.ZodType>(row: S) {
  return z
    .array(z.unknown())
    .max(MAX_ROWS)
    .transform((rows) =>
      rows.flatMap((one): z.output<S>[] => {
        const read = row.safeParse(one)
        return read.success ? [read.data] : []
      }),
    )
}
