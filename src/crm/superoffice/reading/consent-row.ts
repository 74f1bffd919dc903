import type { Purpose } from '../../../domain/legal-basis.js'
import { purposeOfKey } from '../wire/keys.js'
import { type ArchiveRow, isReadable, numberOf, textOf, timeOf } from '../wire/values.js'

/** Orders and identifies the rows of a listing. */
export const CONSENT_ID = 'consentperson.consentperson_id'

/** The person of a row. */
export const CONSENT_PERSON = 'consentperson.person_id'

/** When a row was written; a new one may lack `updated`. */
export const CONSENT_STAMPS = ['consentperson.updated', 'consentperson.registered'] as const

/** The purpose of a row. */
const PURPOSE_KEY = 'consentperson.consentPurpose_id.key'

/**
 * Columns of archive `dynamic`, table `consentperson` (docs/wire-superoffice.md, 4, 6.1). No e-mail join: it multiplies
 * rows.
 */
export const CONSENT_COLUMNS: readonly string[] = [
  CONSENT_ID,
  CONSENT_PERSON,
  PURPOSE_KEY,
  'consentperson.legalBase_id.key',
  'consentperson.consentSource_id.key',
  'consentperson.registered',
  'consentperson.registered_associate_id',
  'consentperson.updated',
  'consentperson.updated_associate_id',
  'consentperson.updatedCount',
  'consentperson.person_id.registered',
]

/**
 * Columns that an older installation may lack. Without the version a consent is unknown, without its registrar its
 * writer is unknown, without the rest no default is recognised.
 */
export const CONSENT_MAY_LACK: readonly string[] = [
  'consentperson.consentSource_id.key',
  'consentperson.registered_associate_id',
  'consentperson.updatedCount',
  'consentperson.person_id.registered',
]

/** The single row of a person and purpose. Times Unix ms, null for none. */
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

/**
 * Whether a row's purpose is readable. Otherwise the row may be of any purpose and must not look as if nothing were
 * recorded.
 */
export function hasPurpose(row: ArchiveRow): boolean {
  return textOf(row, PURPOSE_KEY) !== null
}

/**
 * Why a row is no answer: an unreadable purpose, or a column that every installation has and the row lacks; null: it is
 * one.
 */
export function unreadableAt(row: ArchiveRow): string | null {
  return hasPurpose(row)
    ? (CONSENT_COLUMNS.find(
        (column) => !CONSENT_MAY_LACK.includes(column) && !isReadable(row, column),
      ) ?? null)
    : PURPOSE_KEY
}

/** A row of the archive; null for one without a person, or of a purpose that is not synced. */
export function toConsentRow(row: ArchiveRow): ConsentRow | null {
  const personId = numberOf(row, CONSENT_PERSON)
  const purpose = purposeOfKey(textOf(row, PURPOSE_KEY))
  if (purpose === null || personId === null) {
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
