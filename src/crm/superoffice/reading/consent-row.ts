import type { Purpose } from '../../../domain/legal-basis.js'
import { purposeOfKey } from '../wire/keys.js'
import { type ArchiveRow, numberOf, textOf, timeOf } from '../wire/values.js'

/** Orders and identifies the rows of a listing. */
export const CONSENT_ID = 'consentperson.consentperson_id'

/** Whose a row is. */
export const CONSENT_PERSON = 'consentperson.person_id'

/** Columns of archive `dynamic`, table `consentperson` (docs/wire-superoffice.md, 4, 6.1). No e-mail join: it multiplies. */
export const CONSENT_COLUMNS: readonly string[] = [
  CONSENT_ID,
  CONSENT_PERSON,
  'consentperson.consentPurpose_id.key',
  'consentperson.legalBase_id.key',
  'consentperson.consentSource_id.key',
  'consentperson.registered',
  'consentperson.registered_associate_id',
  'consentperson.updated',
  'consentperson.updated_associate_id',
  'consentperson.updatedCount',
  'consentperson.person_id.registered',
]

/** The one row of a person and purpose. Times Unix ms, null for none. */
export interface ConsentRow {
  readonly personId: number
  readonly purpose: Purpose
  readonly basisKey: string | null
  readonly sourceKey: string | null
  readonly registeredMs: number | null
  readonly registeredBy: number | null
  readonly updatedMs: number | null
  readonly updatedBy: number | null
  readonly updatedCount: number | null
  readonly personRegisteredMs: number | null
}

/** A row of the archive; null for one of a purpose that is not synced, or of nobody. */
export function toConsentRow(row: ArchiveRow): ConsentRow | null {
  const personId = numberOf(row, CONSENT_PERSON)
  const purpose = purposeOfKey(textOf(row, 'consentperson.consentPurpose_id.key'))
  if (personId === null || purpose === null) {
    return null
  }
  return {
    personId,
    purpose,
    basisKey: textOf(row, 'consentperson.legalBase_id.key'),
    sourceKey: textOf(row, 'consentperson.consentSource_id.key'),
    registeredMs: timeOf(row, 'consentperson.registered'),
    registeredBy: numberOf(row, 'consentperson.registered_associate_id'),
    updatedMs: timeOf(row, 'consentperson.updated'),
    updatedBy: numberOf(row, 'consentperson.updated_associate_id'),
    updatedCount: numberOf(row, 'consentperson.updatedCount'),
    personRegisteredMs: timeOf(row, 'consentperson.person_id.registered'),
  }
}
