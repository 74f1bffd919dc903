import { chunksOf } from '../../../domain/lists.js'
import type { CallContext } from '../../../http/index.js'
import type { CrmWrite, CrmWriteOutcome, CrmConsent } from '../../crm.js'
import { toPersonId } from '../reading/direct-read.js'
import { type ReadSource, readConsents } from '../reading/read-consents.js'
import { type ConsentJob, toJob, prepareJobs } from './consent-job.js'
import { sendJobs } from './send-jobs.js'

/**
 * Writes between the reading before and the one after: few, so that the first is fresh. Only it protects a person's
 * answer from our write.
 */
const WRITES_AT_ONCE = 100

/**
 * Writes consents in the given order, one outcome per write. The server cannot refuse a stale write, so each group is
 * read, written if still as expected, and read back, every step in bulk. After a call that failed completely nothing
 * more is sent: the caller put tightening writes first. Failures are in the outcomes; nothing is thrown.
 * (docs/wire-superoffice.md, 5.2; F1)
 */
export async function writeConsents(
  source: ReadSource,
  writes: readonly CrmWrite[],
  context: CallContext,
): Promise<readonly CrmWriteOutcome[]> {
  const outcomes: CrmWriteOutcome[] = []
  let stop: Error | null = null
  for (const group of chunksOf(writes, WRITES_AT_ONCE)) {
    const jobs = group.map((write) => toJob(write, toPersonId))
    if (stop === null) {
      stop = await writeGroup(source, jobs, context)
    }
    const error = stop ?? new Error('the write was not sent')
    outcomes.push(...jobs.map((job) => job.outcome ?? ({ status: 'notSent', error } as const)))
  }
  return outcomes
}

/** @returns the reason to send nothing more, or null. */
async function writeGroup(
  source: ReadSource,
  jobs: readonly ConsentJob[],
  context: CallContext,
): Promise<Error | null> {
  try {
    await prepareJobs(source, jobs, context)
  } catch (error) {
    return error as Error
  }
  const stop = await sendJobs(source, jobs, context)
  await readBackJobs(source, jobs, context)
  return stop
}

/**
 * Reads the rows back in bulk and completes the outcomes. An acknowledged write is applied, with the row as it is now,
 * which may be another's already. A lost answer counts as applied if the row has our value, newly and by us. If the
 * reading fails, an acknowledged write is applied without a version, and a lost one stays unknown.
 */
async function readBackJobs(
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
      const confirmed = readBack === undefined || readBack.version === '' ? undefined : readBack
      job.outcome = {
        status: 'applied',
        version: confirmed?.version ?? null,
        rowId: null,
        ...(confirmed === undefined ? {} : { readBack: confirmed }),
        ...(confirmed === undefined || job.sent === null ? {} : { sent: job.sent }),
      }
    }
  }
}

/** Our write arrived: before it, the row had another version and another value. */
function isOurs({ value, version, lastWriter }: CrmConsent, job: ConsentJob): boolean {
  return value === job.basis && lastWriter === 'us' && version !== job.expectedVersion
}
