import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { CrmWriteOutcome } from '../../crm.js'
import { MAX_PARALLEL_CALLS } from '../http-clients.js'
import { inParallel } from '../in-parallel.js'
import type { ReadSource } from '../reading/read-consents.js'
import { NOT_JSON } from '../wire/describe-error.js'
import { type ConsentJob, openJobs } from './consent-job.js'
import { massWritable, massWrite } from './mass-write.js'
import { prepareJobs } from './prepare-jobs.js'
import { PUT_CONSENT, putConsent } from './put-consent.js'

/**
 * Sends what is open, a few at a time, begun in order; withdrawals are all answered before anything that loosens is
 * begun. @returns why nothing more is to be sent after these, or null.
 */
export async function sendJobs(
  source: ReadSource,
  jobs: readonly ConsentJob[],
  context: CallContext,
): Promise<Error | null> {
  const open = openJobs(jobs)
  const tightening = open.filter((job) => job.basis === 'withdrawn')
  const loosening = open.filter((job) => job.basis !== 'withdrawn')
  return (
    (await sendPhase(source, tightening, context)) ?? (await sendPhase(source, loosening, context))
  )
}

/** In one mass write, where that is known to be good, else and what it left each by itself. */
async function sendPhase(
  source: ReadSource,
  jobs: readonly ConsentJob[],
  context: CallContext,
): Promise<Error | null> {
  const { client } = source.installation
  const halt: { error: Error | null } = { error: null }
  const settle = (some: readonly ConsentJob[], error: unknown) => {
    const outcome = outcomeOf(error)
    some.forEach((job) => (job.outcome = outcome))
    if (outcome.status === 'unknown' || outcome.status === 'notSent') {
      halt.error ??= outcome.error
    }
  }
  const many = massWritable(source.facts, jobs)
  try {
    await writeMany(source, many, context)
  } catch (error) {
    settle(
      many.filter((job) => job.outcome === null && !job.acknowledged),
      error,
    )
  }
  const single = openJobs(jobs).filter((job) => !job.acknowledged)
  await inParallel(single, MAX_PARALLEL_CALLS, async (job) => {
    if (halt.error !== null) {
      return
    }
    const sentAtMs = Date.now()
    job.sent = { sentAtMs, answeredAtMs: null }
    try {
      await putConsent(client, { personId: job.personId, ...job.spelling!.keys }, context)
      job.sent = { sentAtMs, answeredAtMs: Date.now() }
      job.acknowledged = true
    } catch (error) {
      settle([job], error)
    }
  })
  return halt.error
}

/** What a mass write did not report may be written all the same: what moved is a conflict then, read anew at once. */
async function writeMany(
  source: ReadSource,
  jobs: readonly ConsentJob[],
  context: CallContext,
): Promise<void> {
  if (jobs.length === 0 || (await massWrite(source.installation.client, jobs, context))) {
    return
  }
  const rest = jobs.filter((job) => !job.acknowledged)
  try {
    await prepareJobs(source, rest, context)
  } catch (error) {
    rest.forEach((job) => (job.outcome = { status: 'unknown', error: error as Error }))
    throw error
  }
}

/**
 * What became of a write without a good answer. A 4xx is about this row alone, except sign-in and limits; a page of HTML
 * is a gateway's, and says nothing of the person. Neither does an answer to another call, made on the way to it: the
 * tenant's status, or a ticket.
 */
function outcomeOf(error: unknown): CrmWriteOutcome {
  if (!(error instanceof UpstreamError)) {
    return { status: 'notSent', error: error as Error }
  }
  const { status, code, upstreamCode, mayHaveBeenApplied, operation } = error
  if (mayHaveBeenApplied) {
    return { status: 'unknown', error }
  }
  const ofTheCall = code === 'upstream_auth_failed' || code === 'upstream_rate_limited'
  if (status === null || status < 400 || ofTheCall || operation !== PUT_CONSENT) {
    return { status: 'notSent', error }
  }
  return status === 404 && upstreamCode !== NOT_JSON
    ? { status: 'gone' }
    : { status: 'refused', upstreamCode: upstreamCode ?? `http_${status}` }
}
