import type { Installation } from '../installation.js'
import type { ListRow } from '../model/rows.js'
import type { ListName } from '../model/store.js'
import { ControlError } from './control-error.js'

/** The CRM user of acts that do not name one. */
export const CRM_USER = 12

/** A list item by key, with or without the old `#`; deleted ones too. */
export function itemByKey(world: Installation, list: ListName, key: string): ListRow {
  const item = world.store[list].by('key', key)[0] ?? world.store[list].by('key', `#${key}`)[0]
  if (item === undefined) {
    throw new ControlError(`no ${list} ${key}`)
  }
  return item
}
