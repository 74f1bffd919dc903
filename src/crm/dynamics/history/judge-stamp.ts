import type { CrmFieldHistory } from '../../crm.js'
import type { AuditEntry } from './audit-rows.js'

/** Least uncertainty of a stamp. */
const MIN_EPS_MS = 2_000

/** A clock further off than this proves nothing. */
const MAX_OFFSET_MS = 5 * 60_000

/** Audit rows come late: a change younger than this may have one that is not there yet. */
const LATE_ROWS_MS = 15 * 60_000

/** Everything a stamp is judged by. All times Unix milliseconds. */
export interface StampEvidence {
  readonly contactId: string
  /** The newest audit entry that changed the toggle, and the value that it set. */
  readonly entry: AuditEntry
  readonly newValue: boolean
  /** The contact, read after the audit. */
  readonly presentValue: boolean | null
  readonly modifiedMs: number | null
  /** The server's clock when the audit was read, how far it is ahead of ours, and the round trip. */
  readonly auditReadAtMs: number
  readonly offsetMs: number
  readonly roundTripMs: number
  /** Our application user; what it wrote is no person's act. */
  readonly ownUserId: string | null
}

/** The history that the evidence proves, or null (docs/reconciliation.md, stamps). */
export function judgeStamp(evidence: StampEvidence): CrmFieldHistory | null {
  const { contactId, entry, newValue, ownUserId, offsetMs, roundTripMs } = evidence
  const byAPerson =
    ownUserId !== null && entry.userId !== null && entry.userId !== ownUserId.toLowerCase()
  const present = evidence.presentValue === newValue
  const clockUsable =
    Math.abs(offsetMs) <= MAX_OFFSET_MS && entry.createdMs <= evidence.auditReadAtMs + MIN_EPS_MS
  if (!byAPerson || !present || !clockUsable || !isSettled(evidence)) {
    return null
  }
  return {
    contactId,
    value: newValue ? 'deny' : 'allow',
    atMs: entry.createdMs,
    epsMs: Math.max(MIN_EPS_MS, Math.abs(offsetMs) + Math.ceil(roundTripMs / 2)),
    userId: entry.userId,
  }
}

/** No change that the audit may not show yet: the contact is long unmodified, or last modified by this very entry. */
function isSettled({ modifiedMs, auditReadAtMs, entry }: StampEvidence): boolean {
  if (modifiedMs === null) {
    return false
  }
  const sameSecond = Math.floor(modifiedMs / 1000) === Math.floor(entry.createdMs / 1000)
  return sameSecond || modifiedMs <= auditReadAtMs - LATE_ROWS_MS
}
