import type { z } from 'zod'
import { CrmCursorExpired } from './crm.js'

/** A stored change cursor, which is JSON. @throws CrmCursorExpired if the text does not fit the schema. */
export function parseCursor<S extends z.ZodType>(schema: S, text: string): z.output<S> {
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    throw new CrmCursorExpired('the stored change cursor cannot be read')
  }
}
