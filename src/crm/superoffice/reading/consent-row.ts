import type { Purpose } from '../../../domain/legal-basis.js'
import { purposeOfKey, valueOfKey, normalizeKey } from '../wire/keys.js'
import { type ArchiveRow, isReadable, numberOf, textOf, timeOf } from '../wire/values.js'
import type { CrmConsent } from '../../crm.js'
import type { LastWriter } from '../../../domain/reconcile/types.js'

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

const REQUIRED = CONSENT_COLUMNS.filter((column) => !CONSENT_MAY_LACK.includes(column))

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
 * Why a row is not an answer: an unreadable purpose, or a column that every installation has and the row lacks; null:
 * it is one.
 */
export function unreadableAt(row: ArchiveRow): string | null {
  return hasPurpose(row)
    ? (REQUIRED.find((column) => !isReadable(row, column)) ?? null)
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

/** No row: nothing is recorded, which is not a withdrawal (docs/wire-superoffice.md, 0.5). */
export const ABSENT: CrmConsent = {
  value: 'none',
  version: 'none',
  lastWriter: 'unknown',
}

/** A record may exist that cannot be read: unknown, which is not nothing. */
export const UNREADABLE: CrmConsent = { ...ABSENT, value: null, version: '' }

/**
 * A row in the rule's form. Without a basis or version it is unknown and never written. Its times are kept for every
 * writer.
 */
export function toConsent(row: ConsentRow, ourselves: Ourselves): CrmConsent {
  const { updatedCount, registeredMs, updatedMs } = row
  return {
    value: updatedCount === null ? null : valueOfKey(row.basisKey),
    version: updatedCount === null ? '' : String(updatedCount),
    lastWriter: lastWriterOf(row, ourselves),
    times: { registeredMs, updatedMs, onlyInserted: wasNeverUpdated(row, ourselves) },
  }
}

/** A default is created together with its person. */
const MADE_TOGETHER_MS = 5_000

/** Our user and source. */
export interface Ourselves {
  readonly associateId: number
  readonly sourceKey: string
  /** `updatedCount` of a newly inserted row, if set-up measured it. */
  readonly firstVersion: number | null
}

/** Unless it was measured, a newly inserted row has 0 or 1. */
const MOST_FIRST_VERSION = 1

/**
 * Whether a row was only inserted: `updated` is then year 1 or the time of insertion (undocumented). An update in the
 * same second shows by another user, or by its count.
 */
export function wasNeverUpdated(
  row: ConsentRow,
  { firstVersion }: Pick<Ourselves, 'firstVersion'>,
): boolean {
  const { updatedMs, registeredMs, updatedBy, registeredBy, updatedCount } = row
  if (updatedMs === null) {
    return true
  }
  const byAnother = updatedBy !== null && updatedBy > 0 && updatedBy !== registeredBy
  const counted = updatedCount !== null && updatedCount > (firstVersion ?? MOST_FIRST_VERSION)
  return updatedMs === registeredMs && !byAnother && !counted
}

/** Who wrote a row last (docs/wire-superoffice.md, 4); unknown if a column is missing. */
export function lastWriterOf(row: ConsentRow, ourselves: Ourselves): LastWriter {
  const fresh = wasNeverUpdated(row, ourselves)
  const writer = fresh ? row.registeredBy : row.updatedBy
  if (writer === null) {
    return 'unknown'
  }
  if (writer === ourselves.associateId) {
    return 'us'
  }
  return fresh && isDefault(row, ourselves) ? 'default' : 'user'
}

function isDefault(row: ConsentRow, ourselves: Ourselves): boolean {
  const { registeredMs, personRegisteredMs, sourceKey } = row
  const together =
    registeredMs !== null &&
    personRegisteredMs !== null &&
    Math.abs(registeredMs - personRegisteredMs) <= MADE_TOGETHER_MS
  const ours = sourceKey !== null && normalizeKey(sourceKey) === normalizeKey(ourselves.sourceKey)
  return together && !ours
}
