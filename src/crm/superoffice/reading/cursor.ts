import { z } from 'zod'
import { CrmCursorExpired } from '../../crm.js'

const cursorSchema = z.object({
  /** The server's clock when the listing before this began, Unix ms. */
  watermarkMs: z.int().nonnegative(),
})

/** Where the next listing of changes starts. */
export type ChangeCursor = z.output<typeof cursorSchema>

/** The one opaque cursor that the sync stores. */
export function writeCursor(cursor: ChangeCursor): string {
  return JSON.stringify(cursor)
}

/** Reads a stored cursor. @throws CrmCursorExpired where it is none: a new complete listing mends that. */
export function readCursor(text: string): ChangeCursor {
  const parsed = cursorSchema.safeParse(parseJson(text))
  if (!parsed.success) {
    throw new CrmCursorExpired('the stored change cursor cannot be read')
  }
  return parsed.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
