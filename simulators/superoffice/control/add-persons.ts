import type { Installation } from '../installation.js'
import { YEAR_ONE } from '../model/dates.js'
import { addPerson, addStoreDefault } from '../model/persons.js'
import type { PersonRow } from '../model/rows.js'
import { CRM_USER, itemByKey } from './lookup.js'
import type { ConsentDraft, PersonBody } from './schemas.js'

/** Adds persons with the given consents, and the server's default if none is given. */
export function addPersons(world: Installation, bodies: readonly PersonBody[]) {
  return { personIds: bodies.map((body) => addOne(world, body).person_id) }
}

function addOne(world: Installation, body: PersonBody): PersonRow {
  const associateId = body.associateId ?? CRM_USER
  const person = addPerson(world, {
    firstName: body.firstName ?? '',
    lastName: body.lastName ?? '',
    emails: body.emails ?? [],
    registered: body.registered ?? world.nowSeconds(),
    retired: body.retired ?? false,
    associateId,
  })
  const consents = Object.entries(body.consents ?? {})
  for (const [purpose, draft] of consents) {
    addConsent(world, person, purpose, draft)
  }
  const storeIsSaid = consents.some(([purpose]) => purpose.replace('#', '') === 'STORE')
  if (!storeIsSaid && (body.storeDefault ?? world.switches.storeDefault)) {
    addStoreDefault(world, person)
  }
  if (body.silent !== true) {
    world.sender.enqueue('person.created', person.person_id, associateId, Object.keys(person))
  }
  return person
}

function addConsent(
  world: Installation,
  person: PersonRow,
  purpose: string,
  draft: ConsentDraft,
): void {
  const registered = draft.registered ?? draft.updated ?? world.nowSeconds()
  const associateId = draft.associateId ?? CRM_USER
  const { firstUpdatedCount, updatedOnInsert } = world.switches
  const updated = draft.updated ?? (updatedOnInsert === 'registered' ? registered : YEAR_ONE)
  const writes = draft.updated === undefined ? 0 : 1
  world.store.consentperson.insert({
    person_id: person.person_id,
    consentPurpose_id: Number(itemByKey(world, 'consentpurpose', purpose)['consentPurpose_id']),
    legalBase_id: Number(itemByKey(world, 'legalbase', draft.legalBase)['legalBase_id']),
    consentSource_id: Number(
      itemByKey(world, 'consentsource', draft.source ?? 'USER')['consentSource_id'],
    ),
    comment: draft.comment ?? '',
    registered,
    registered_associate_id: associateId,
    updated,
    updated_associate_id: updated === YEAR_ONE ? 0 : associateId,
    updatedCount: draft.updatedCount ?? firstUpdatedCount + writes,
  })
}
