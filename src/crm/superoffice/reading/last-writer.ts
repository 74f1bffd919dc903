import type { LastWriter } from '../../../domain/reconcile/types.js'
import { normalizeKey } from '../wire/keys.js'
import type { ConsentRow } from './consent-row.js'

/** A default is made together with its person. */
const MADE_TOGETHER_MS = 5_000

/** Who we are. */
export interface Ourselves {
  readonly associateId: number
  readonly sourceKey: string
  /** `updatedCount` of a row just inserted, where set-up measured it. */
  readonly firstVersion: number | null
}

/** Where it was not measured, a row just inserted has 0 or 1. */
const MOST_FIRST_VERSION = 1

/**
 * Whether a row only was inserted: `updated` is then year 1 or the time of insertion; the documentation does not say
 * which. An update in that same second shows by another user, or by its count.
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

/** Who wrote a row last (docs/wire-superoffice.md, 4). A column that is missing makes it unknown. */
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
