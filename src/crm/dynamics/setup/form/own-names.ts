/**
 * What our parts of a form are called. Ids are fixed: they must be unique within one form only, and by them, whatever
 * was renamed or moved, our parts are found again after a lost answer, lost facts, or years.
 */

/** Our section. */
export const SECTION = {
  id: '{6d1c5a0e-4e0b-4c53-9a54-3f3f8d1f7b01}',
  name: 'em_subscriptions',
} as const

/** The only cell of our section. */
export const CELL_ID = '{6d1c5a0e-4e0b-4c53-9a54-3f3f8d1f7b02}'

/** The sub-grid. `uniqueId` ties it to its control description. */
export const GRID = {
  controlId: 'em_subscriptions_grid',
  uniqueId: '{6d1c5a0e-4e0b-4c53-9a54-3f3f8d1f7b03}',
} as const

/** The tab that is made where Support chose `createTab`. */
export const TAB = {
  id: '{6d1c5a0e-4e0b-4c53-9a54-3f3f8d1f7b04}',
  name: 'em_details',
} as const

/** An id or name as it is compared: without braces, in lower case. */
export function plain(text: string | undefined): string {
  return (text ?? '').replace(/[{}]/g, '').trim().toLowerCase()
}
