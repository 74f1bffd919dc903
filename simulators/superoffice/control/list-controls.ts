import { addListItem } from '../model/standard-lists.js'
import type { ListName } from '../model/store.js'
import type { ControlRoute } from './control-route.js'
import { ControlError } from './control-error.js'
import * as schemas from './schemas.js'

const LISTS: Readonly<Record<string, ListName>> = {
  ConsentPurpose: 'consentpurpose',
  LegalBase: 'legalbase',
  ConsentSource: 'consentsource',
}

/** A tenant's own purposes, bases and sources, and changes of the given ones. */
export const listControls: ControlRoute = (call) => {
  const [head, name, id] = call.segments
  const list = LISTS[name ?? '']
  if (head !== 'lists' || list === undefined) {
    return undefined
  }
  const { world } = call
  if (call.method === 'GET') {
    return [...world.store[list].from()]
  }
  if (id === undefined) {
    const row = addListItem(world.store, list, call.body(schemas.listItemBody), world.nowSeconds())
    return { id: world.store[list].idOf(row) }
  }
  const row = world.store[list].get(Number(id))
  if (row === undefined) {
    throw new ControlError(`no item ${id}`)
  }
  const { name: newName, key, deleted, active, mailTemplateId } = call.body(schemas.listChangeBody)
  world.store[list].update(row, {
    ...(newName === undefined ? {} : { name: newName }),
    ...(key === undefined ? {} : { key }),
    ...(deleted === undefined ? {} : { deleted: deleted ? 1 : 0 }),
  })
  if (active !== undefined) {
    world.store.inactivePurposes[active ? 'delete' : 'add'](row.key)
  }
  if (mailTemplateId !== undefined) {
    world.store.mailTemplates.set(row.key, mailTemplateId)
  }
  return {}
}
