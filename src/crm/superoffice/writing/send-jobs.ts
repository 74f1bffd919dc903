import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { CrmWriteOutcome } from '../../crm.js'
import { MAX_PARALLEL_CALLS } from '../http-clients.js'
import { inParallel } from '../in-parallel.js'
import type { ReadSource } from '../reading/read-consents.js'
import { NOT_JSON } from '../wire/describe-error.js'
import { type ConsentJob, openJobs } from './consent-job.js'
import { putConsent } from './put-consent.js'

/**
 * Sends what is open, a few at a time, begun in order; withdrawals are all answered before anything that loosens is
 * begun. @returns why nothing more is to be sent after these, or null.
 */
export async function sendJobs(
  { installation }: ReadSource,
  jobs: readonly ConsentJob[],
  context: CallContext,
): Promise<Error | null> {
  const halt: { error: Error | null } = { error: null }
  const send = async (job: ConsentJob): Promise<void> => {
    if (halt.error !== null) {
      return
    }
    try {
      await putConsent(installation.client, { personId: job.personId, ...job.keys! }, context)
      job.acknowledged = true
    } catch (error) {
      const outcome = outcomeOf(error)
      job.outcome = outcome
      if (outcome.status === 'unknown' || outcome.status === 'notSent') {
        halt.error ??= outcome.error
      }
    }
  }
  const open = openJobs(jobs)
  const tightening = open.filter((job) => job.basis === 'withdrawn')
  await inParallel(tightening, MAX_PARALLEL_CALLS, send)
  const loosening = open.filter((job) => job.basis !== 'withdrawn')
  await inParallel(loosening, MAX_PARALLEL_CALLS, send)
  return halt.error
}

/**
 * What became of a write without a good answer. A 4xx is about this row alone, except sign-in and limits; a page of HTML
 * is a gateway's, and says nothing of the person.
 */
function outcomeOf(error: unknown): CrmWriteOutcome {
  if (!(error instanceof UpstreamError)) {
    return { status: 'notSent', error: error as Error }
  }
  const { status, code, upstreamCode, mayHaveBeenApplied } = error
  if (mayHaveBeenApplied) {
    return { status: 'unknown', error }
  }
  const ofTheCall = code === 'upstream_auth_failed' || code === 'upstream_rate_limited'
  if (status === null || status < 400 || ofTheCall) {
    return { status: 'notSent', error }
  }
  return status === 404 && upstreamCode !== NOT_JSON
    ? { status: 'gone' }
    : { status: 'refused', upstreamCode: upstreamCode ?? `http_${status}` }
}
