import type { CrmConsent } from '../../crm.js'
import { valueOfKey } from '../wire/keys.js'
import type { ConsentRow } from './consent-row.js'
import { lastWriterOf, type Ourselves, wasNeverUpdated } from './last-writer.js'

/** No row: nothing is recorded, which is no withdrawal (docs/wire-superoffice.md, 0.5). */
export const ABSENT: CrmConsent = {
  value: 'none',
  version: 'none',
  lastWriter: 'unknown',
}

/** A record may exist that cannot be read: unknown, which is not nothing. */
export const UNREADABLE: CrmConsent = { ...ABSENT, value: null, version: '' }

/**
 * A row as the rule reads it. Without a basis or version it is unknown and never written. Its times are kept, whoever
 * wrote it.
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
