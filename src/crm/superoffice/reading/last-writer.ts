import type { LastWriter } from '../../../domain/reconcile/types.js'
import { normalizeKey } from '../wire/keys.js'
import type { ConsentRow } from './consent-row.js'

/** A default is made together with its person. */
const MADE_TOGETHER_MS = 5_000

/** Who we are. */
export interface Ourselves {
  readonly associateId: number
  readonly sourceKey: string
}

/**
 * Whether a row only was inserted: `updated` is then year 1 or the time of insertion; the documentation does not say
 * which. Another user than the one who inserted it can stand there only by an update, though in the same second.
 */
function wasNeverUpdated(row: ConsentRow): boolean {
  const { updatedMs, registeredMs, updatedBy, registeredBy } = row
  if (updatedMs === null) {
    return true
  }
  const bySomebodyElse = updatedBy !== null && updatedBy > 0 && updatedBy !== registeredBy
  return updatedMs === registeredMs && !bySomebodyElse
}

/** Who wrote a row last (docs/wire-superoffice.md, 4). A column that is missing makes it unknown. */
export function lastWriterOf(row: ConsentRow, ourselves: Ourselves): LastWriter {
  const fresh = wasNeverUpdated(row)
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
