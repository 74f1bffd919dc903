import { z } from 'zod'
import { CrmCursorExpired } from '../../crm.js'
import { parseCursor } from '../../cursor.js'
import { isOwnLink } from '../wire/links.js'

const cursorSchema = z.object({
  contacts: z.string(),
  /** null: issued before our tables existed. */
  subscriptions: z.string().nullable(),
})

/** Where the next delta starts: the two delta links, verbatim (docs/wire-dataverse.md, 7). */
export type ChangeCursor = z.output<typeof cursorSchema>

/** The opaque cursor that the sync stores. */
export function writeCursor(cursor: ChangeCursor): string {
  return JSON.stringify(cursor)
}

/**
 * Reads a stored cursor.
 * @throws CrmCursorExpired also if a link leads outside the environment (it was moved): a new baseline corrects that,
 * and no token is sent there.
 */
export function readCursor(text: string, environmentUrl: string): ChangeCursor {
  const cursor = parseCursor(cursorSchema, text)
  const links = [cursor.contacts, cursor.subscriptions ?? cursor.contacts]
  if (!links.every((link) => isOwnLink(environmentUrl, link))) {
    throw new CrmCursorExpired('the stored change cursor belongs to another environment')
  }
  return cursor
}
