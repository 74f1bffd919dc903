import type { CallContext } from '../../../http/index.js'
import type { CrmConsent } from '../../crm.js'
import { readConsents, type ReadSource } from '../reading/read-consents.js'
import type { ConsentJob } from './consent-job.js'

/**
 * Reads the rows back in bulk and completes the outcomes: what was acknowledged is applied, with the row as it stands
 * now, be it another's already; a lost answer is settled where our value stands there, new and by us. Where the reading
 * fails, an acknowledged write is applied without a version, and a lost one stays unknown.
 */
export async function readBackJobs(
  source: ReadSource,
  jobs: readonly ConsentJob[],
  context: CallContext,
): Promise<void> {
  const due = jobs.filter((job) => job.acknowledged || job.outcome?.status === 'unknown')
  const personIds = [...new Set(due.map((job) => job.personId))]
  const consents = await readConsents(source, personIds, 'consents.readBack', context).catch(
    () => null,
  )
  for (const job of due) {
    const readBack = consents?.get(job.personId)?.[job.purpose]
    if (job.acknowledged || (readBack !== undefined && isOurs(readBack, job))) {
      const told = readBack === undefined || readBack.version === '' ? undefined : readBack
      job.outcome = {
        status: 'applied',
        version: told?.version ?? null,
        rowId: null,
        ...(told === undefined ? {} : { readBack: told }),
        ...(told === undefined || job.sent === null ? {} : { sent: job.sent }),
      }
    }
  }
}

/** Our write arrived: before it, the row had another version, and another value. */
function isOurs({ value, version, lastWriter }: CrmConsent, job: ConsentJob): boolean {
  return value === job.basis && lastWriter === 'us' && version !== job.expectedVersion
}
