import type { ClockReading } from '../../../http/index.js'
import type { CrmConsent } from '../../crm.js'
import { valueOfKey } from '../wire/keys.js'
import type { ConsentRow } from './consent-row.js'
import { lastWriterOf, type Ourselves } from './last-writer.js'
import { stampOf } from './stamp-of.js'

/** What consents are judged by. */
export interface ConsentView {
  readonly ourselves: Ourselves
  /** False: this installation's stamps prove nothing. */
  readonly stampsUsable: boolean
  readonly clock: ClockReading | null
  /** Our clock, Unix ms. */
  readonly nowMs: number
}

/** No row: nothing is recorded, which is no withdrawal (docs/wire-superoffice.md, 0.5). */
export const ABSENT: CrmConsent = {
  value: 'none',
  version: 'none',
  lastWriter: 'unknown',
  stamp: null,
}

/** Something may be recorded that cannot be read: unknown, which is not nothing. */
export const UNREADABLE: CrmConsent = { ...ABSENT, value: null, version: '' }

/**
 * A row as the rule reads it. No basis or no version: unknown, and nothing may be written. Only a person's write has a
 * stamp: that of our own proves nothing.
 */
export function toConsent(row: ConsentRow, view: ConsentView): CrmConsent {
  const { updatedCount } = row
  const lastWriter = lastWriterOf(row, view.ourselves)
  const stamped = lastWriter === 'user' && view.stampsUsable
  return {
    value: updatedCount === null ? null : valueOfKey(row.basisKey),
    version: updatedCount === null ? '' : String(updatedCount),
    lastWriter,
    stamp: stamped ? stampOf(row, view.clock, view.nowMs) : null,
  }
}
