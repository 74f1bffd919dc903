import { badRequest, forbidden, notFound } from '../errors.js'
import { baseKey, removeConsent, writeConsent } from '../model/consents.js'
import { isLive } from '../model/persons.js'
import type { ListRow, PersonRow } from '../model/rows.js'
import type { ListName } from '../model/store.js'
import type { ApiCall } from '../server/api-call.js'

/** A person visible to the API; 404 if it is missing, deleted, or hidden. */
export function personOf(call: ApiCall, id: unknown): PersonRow {
  const { store } = call.world
  const person = store.person.get(Number(id))
  if (!isLive(person) || store.unseen.has(person.person_id)) {
    throw notFound(`Person id ${String(id)} not found`)
  }
  return person
}

/** A list item by key, exactly; 400 for an unknown one, 404 for a purpose. */
export function itemOf(call: ApiCall, list: ListName, key: unknown): ListRow {
  const item = typeof key === 'string' ? call.world.store.item(list, key) : undefined
  if (item === undefined) {
    const message = `Unknown ${list} key`
    throw list === 'consentpurpose' ? notFound(message) : badRequest(message)
  }
  return item
}

/** Sets one consent, all lists by key (wire page, 5.2); 403 without the functional right. */
export function setConsent(
  call: ApiCall,
  via: 'rest' | 'agent',
  given: {
    personId: unknown
    purpose: unknown
    source: unknown
    legalBase: unknown
    comment: unknown
  },
): void {
  requireRight(call)
  const person = personOf(call, given.personId)
  writeConsent(call.world, {
    personId: person.person_id,
    purpose: itemOf(call, 'consentpurpose', given.purpose),
    source: itemOf(call, 'consentsource', given.source),
    legalBase: itemOf(call, 'legalbase', given.legalBase),
    comment: typeof given.comment === 'string' ? given.comment : '',
    associateId: call.associateId,
    via,
  })
}

/** Whether a positive basis is recorded; false for none and for withdrawn. */
export function hasConsent(call: ApiCall, personId: unknown, purposeKey: unknown): boolean {
  const person = personOf(call, personId)
  const purpose = itemOf(call, 'consentpurpose', purposeKey)
  const row = call.world.store.consent(person.person_id, Number(purpose['consentPurpose_id']))
  const key = row === undefined ? null : baseKey(call.world, row.legalBase_id)
  return key !== null && key.replace('#', '') !== 'WITHDRAWN'
}

/**
 * "Turn off consent": deletes the row or marks it as withdrawn (which one is not documented), without source and
 * comment.
 */
export function turnOffConsent(call: ApiCall, personId: unknown, purposeKey: unknown): void {
  requireRight(call)
  const { world, associateId } = call
  const person = personOf(call, personId)
  const purpose = itemOf(call, 'consentpurpose', purposeKey)
  const row = world.store.consent(person.person_id, Number(purpose['consentPurpose_id']))
  const withdrawn =
    world.store.item('legalbase', 'WITHDRAWN') ?? world.store.item('legalbase', '#WITHDRAWN')
  const source = world.store.consentsource.get(row?.consentSource_id)
  if (row === undefined || withdrawn === undefined || source === undefined) {
    return
  }
  if (world.switches.deleteConsent === 'deletes') {
    removeConsent(world, row, associateId)
    return
  }
  writeConsent(world, {
    personId: person.person_id,
    purpose,
    source,
    legalBase: withdrawn,
    comment: row.comment,
    associateId,
    via: 'rest',
  })
}

/** 403 without the functional right. */
export function requireRight(call: ApiCall): void {
  if (!call.world.switches.consentRight) {
    throw forbidden('The user may not update consent for contacts')
  }
}
