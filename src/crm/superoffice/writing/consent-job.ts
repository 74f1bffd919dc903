import type { LegalBasis, Purpose } from '../../../domain/legal-basis.js'
import { isLegalBasis } from '../../../domain/legal-basis.js'
import type { CrmWrite, CrmWriteOutcome, SentWrite } from '../../crm.js'
import type { Spelling } from './spell-consent.js'

/** One write on its way. Without an outcome it is still to be sent. */
export interface ConsentJob {
  readonly personId: number
  readonly purpose: Purpose
  readonly basis: Exclude<LegalBasis, 'none'> | null
  readonly expectedVersion: string
  spelling: (Spelling & { readonly ok: true }) | null
  /** The server said that it did it. */
  acknowledged: boolean
  /** Where it went by itself. */
  sent: SentWrite | null
  outcome: CrmWriteOutcome | null
}

/** A write as a job; what cannot be written here is refused at once. Nothing recorded (`none`) is never written. */
export function toJob(write: CrmWrite, toPersonId: (id: string) => readonly number[]): ConsentJob {
  const consent = write.kind === 'consent' ? write : null
  const value = consent?.value
  const basis = isLegalBasis(value) && value !== 'none' ? value : null
  const [personId = 0] = consent === null ? [] : toPersonId(consent.contactId)
  const gone = consent !== null && personId === 0
  return {
    personId,
    purpose: consent?.purpose ?? 'marketingSendouts',
    basis,
    expectedVersion: consent?.expectedVersion ?? '',
    spelling: null,
    acknowledged: false,
    sent: null,
    outcome:
      basis === null
        ? { status: 'refused', upstreamCode: 'not_writable' }
        : gone
          ? { status: 'gone' }
          : null,
  }
}

/** The jobs that are still to be sent. */
export function openJobs(jobs: readonly ConsentJob[]): ConsentJob[] {
  return jobs.filter((job) => job.outcome === null)
}
