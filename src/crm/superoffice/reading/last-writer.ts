import type { LastWriter } from '../../../domain/reconcile/types.js'
import { normalizeKey } from '../wire/keys.js'
import type { ConsentRow } from './consent-row.js'

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
