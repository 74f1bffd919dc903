import { type LegalBasis, type Purpose, isLegalBasis } from '../../../domain/legal-basis.js'
import type { CrmWrite, CrmWriteOutcome, SentWrite } from '../../crm.js'
import { type Spelling, spellConsent } from './put-consent.js'
import type { CallContext } from '../../../http/index.js'
import { DEFAULT_SOURCE_KEY } from '../facts.js'
import { readConsents, type ReadSource } from '../reading/read-consents.js'

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

/**
 * Reads the rows to be written, and decides which still may be: another version is a conflict, an equal value is done
 * already. Spells the rest for the wire.
 * @throws UpstreamError, AppError: then nothing may be sent.
 */
export async function prepareJobs(
  source: ReadSource,
  jobs: readonly ConsentJob[],
  context: CallContext,
): Promise<void> {
  const { installation, facts } = source
  const spellings = new Map<string, Spelling>()
  for (const job of openJobs(jobs)) {
    const { purpose, basis } = job
    const id = `${purpose} ${basis}`
    const sourceKey = facts.sourceKey ?? DEFAULT_SOURCE_KEY
    const spelling =
      spellings.get(id) ??
      (await spellConsent(installation, { purpose, basis: basis!, sourceKey }, context))
    spellings.set(id, spelling)
    if (spelling.ok) {
      job.spelling = spelling
    } else {
      job.outcome = { status: 'refused', upstreamCode: spelling.upstreamCode }
    }
  }
  const open = openJobs(jobs)
  const personIds = [...new Set(open.map((job) => job.personId))]
  const consents = await readConsents(source, personIds, 'consents.readBefore', context)
  for (const job of open) {
    const present = consents.get(job.personId)?.[job.purpose]
    if (present === undefined || present.version !== job.expectedVersion) {
      job.outcome = { status: 'conflict' }
    } else if (present.value === job.basis) {
      const { version } = present
      job.outcome = { status: 'applied', version, rowId: null, readBack: present }
    }
  }
}
