import type { ApiCall } from '../server/api-call.js'
import { wireDate } from '../model/dates.js'
import type { ConsentRow } from '../model/rows.js'
import { localName } from '../model/standard-lists.js'

/** One consent row as `ConsentInfo` (wire page, 5.1). It has no version. */
export function consentInfo(call: ApiCall, row: ConsentRow) {
  const { store } = call.world
  const base = store.legalbase.get(row.legalBase_id)
  const purpose = store.consentpurpose.get(row.consentPurpose_id)
  const source = store.consentsource.get(row.consentSource_id)
  return {
    ConsentPersonId: row.consentperson_id,
    Comment: row.comment,
    Registered: wireDate(row.registered, call.zoneSuffix),
    RegisteredAssociateId: row.registered_associate_id,
    Updated: wireDate(row.updated, call.zoneSuffix),
    UpdatedAssociateId: row.updated_associate_id,
    LegalBaseId: row.legalBase_id,
    LegalBaseKey: base?.key ?? '',
    LegalBaseName: localName(base?.name ?? '', call.english),
    ConsentPurposeId: row.consentPurpose_id,
    ConsentPurposeKey: purpose?.key ?? '',
    ConsentPurposeName: localName(purpose?.name ?? '', call.english),
    ConsentSourceId: row.consentSource_id,
    ConsentSourceKey: source?.key ?? '',
    ConsentSourceName: localName(source?.name ?? '', call.english),
    TableRight: null,
    FieldProperties: {},
  }
}

/** All rows of a person, also withdrawn ones. */
export function consentInfos(call: ApiCall, personId: number) {
  return call.world.store.consentperson
    .by('person_id', personId)
    .map((row) => consentInfo(call, row))
}
