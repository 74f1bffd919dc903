import { badRequest } from '../errors.js'
import type { ConsentRow, ListRow } from '../model/rows.js'
import type { ListName } from '../model/store.js'
import { writeConsent } from '../model/consents.js'
import { type ApiCall, fieldsOf, jsonBody } from '../server/api-call.js'
import { personOf, requireRight } from './consent-operations.js'

/** A consent row in the agent's form: ids only, without the names, keys and dates of their rows (wire page, 5.3). */
export function consentPerson(row: ConsentRow) {
  const named = { Name: null, Tooltip: null, Rank: 0, Key: null, Deleted: false }
  return {
    ConsentPersonId: row.consentperson_id,
    ConsentSource: { ConsentSourceId: row.consentSource_id, ...named },
    LegalBase: { LegalBaseId: row.legalBase_id, ...named },
    PersonId: row.person_id,
    ConsentPurpose: { ConsentPurposeId: row.consentPurpose_id, ...named, Active: 0 },
    Comment: row.comment,
    TableRight: null,
    FieldProperties: {},
  }
}

/** Writes a row by ids: id 0 creates one; at most one exists per person and purpose (wire page, 5.3). */
export function saveConsentPerson(call: ApiCall) {
  requireRight(call)
  const given = jsonBody(call)
  const person = personOf(call, given['personid'])
  const purpose = itemIn(call, given, 'ConsentPurpose')
  const purposeId = Number(purpose['consentPurpose_id'])
  const stored = call.world.store.consent(person.person_id, purposeId)
  if ((stored?.consentperson_id ?? 0) !== Number(given['consentpersonid'] ?? 0)) {
    throw badRequest('The row is of another person or purpose, or there is one already')
  }
  const row = writeConsent(call.world, {
    personId: person.person_id,
    purpose,
    source: itemIn(call, given, 'ConsentSource'),
    legalBase: itemIn(call, given, 'LegalBase'),
    comment: typeof given['comment'] === 'string' ? given['comment'] : '',
    associateId: call.associateId,
    via: 'agent',
  })
  return consentPerson(row)
}

function itemIn(
  call: ApiCall,
  given: Readonly<Record<string, unknown>>,
  name: 'ConsentPurpose' | 'ConsentSource' | 'LegalBase',
): ListRow {
  const list = name.toLowerCase() as ListName
  const id = fieldsOf(given[list] ?? {})[`${list}id`]
  const item = call.world.store[list].get(Number(id))
  if (item === undefined || item.deleted !== 0) {
    throw badRequest(`Unknown ${name}`)
  }
  return item
}
