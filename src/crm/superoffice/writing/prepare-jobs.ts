import type { CallContext } from '../../../http/index.js'
import { DEFAULT_SOURCE_KEY } from '../facts.js'
import { readConsents, type ReadSource } from '../reading/read-consents.js'
import { type ConsentJob, openJobs } from './consent-job.js'
import { type Spelling, spellConsent } from './spell-consent.js'

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
