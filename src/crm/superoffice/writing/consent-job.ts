import type { LegalBasis, Purpose } from '../../../domain/legal-basis.js'
import { isLegalBasis } from '../../../domain/legal-basis.js'
import type { CrmWrite, CrmWriteOutcome, SentWrite } from '../../crm.js'
import type { Spelling } from './spell-consent.js'

/** A write in progress. Without an outcome it is not yet sent. */
export interface ConsentJob {
  readonly personId: number
  readonly purpose: Purpose
  readonly basis: Exclude<LegalBasis, 'none'> | null
  readonly expectedVersion: string
  spelling: (Spelling & { readonly ok: true }) | null
  /** The server confirmed it. */
  acknowledged: boolean
  /** If it was sent alone. */
  sent: SentWrite | null
  outcome: CrmWriteOutcome | null
}

/**
 * A write as a job; one that cannot be written here is refused immediately. `none` (nothing recorded) is never written.
 */
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

/** The jobs that are not yet sent. */
export function openJobs(jobs: readonly ConsentJob[]): ConsentJob[] {
  return jobs.filter((job) => job.outcome === null)
}
