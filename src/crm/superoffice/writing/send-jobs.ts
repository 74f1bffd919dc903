import {
  type CallContext,
  UpstreamError,
  answer,
  entries,
  part,
  readRecords,
} from '../../../http/index.js'
import type { CrmWriteOutcome } from '../../crm.js'
import { MAX_PARALLEL_CALLS } from '../http-clients.js'
import { inParallel } from '../in-parallel.js'
import type { ReadSource } from '../reading/read-consents.js'
import { NOT_JSON } from '../wire/describe-error.js'
import { type ConsentJob, openJobs } from './consent-job.js'
import { prepareJobs } from './prepare-jobs.js'
import { PUT_CONSENT, putConsent, COMMENT } from './put-consent.js'
import { z } from 'zod'
import type { SuperOfficeClient } from '../client.js'
import type { SuperOfficeFacts } from '../facts.js'
import { toFlag } from '../wire/values.js'

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

/** Fewer are as quick each by itself. */
const LEAST_WRITES = 10

const UPSERT = 'POST /Agents/DatabaseTable/Upsert'

/** A row that cannot be read is one that was not reported: it alone is read again. */
export const rowStatus = answer(
  { name: 'superoffice.rowStatus', operation: UPSERT, lossUnit: 'record' },
  part({ Action: z.string(), RowKeys: z.array(z.union([z.string(), z.number()])) }),
)
export const massWriteAnswer = answer(
  { name: 'superoffice.massWrite', operation: UPSERT, lossUnit: 'call' },
  part({ Success: z.unknown().optional(), RowStatus: entries.nullish().catch(null) }),
)

/**
 * The writes that may go in one: only where set-up measured that a mass write raises the version by one and names us,
 * and only onto rows that are there, as what it makes of a new one was not measured.
 */
function massWritable(
  { measured }: SuperOfficeFacts,
  jobs: readonly ConsentJob[],
): readonly ConsentJob[] {
  const able =
    measured?.upsert === 'counts'
      ? jobs.filter((job) => job.spelling?.ids && job.expectedVersion !== 'none')
      : []
  return able.length < LEAST_WRITES ? [] : able
}

/**
 * Writes many consents in one request (docs/wire-superoffice.md, 7.2); `NoChange` leaves every other row alone. A job
 * whose row is reported is acknowledged.
 *
 * @returns whether every row was; if not, a part may have been written all the same.
 * @throws UpstreamError where the answer was lost, or the call as a whole was refused for now.
 */
async function massWrite(
  client: SuperOfficeClient,
  jobs: readonly ConsentJob[],
  context: CallContext,
): Promise<boolean> {
  const written = await upsert(client, jobs, context)
  for (const job of jobs) {
    job.acknowledged = written.has(rowKey(job.personId, job.spelling?.ids?.purposeId))
  }
  return jobs.every((job) => job.acknowledged)
}

async function upsert(
  client: SuperOfficeClient,
  jobs: readonly ConsentJob[],
  context: CallContext,
): Promise<ReadonlySet<string>> {
  const request = {
    method: 'POST',
    path: '/Agents/DatabaseTable/Upsert',
    operation: UPSERT,
    name: 'consents.upsert',
    effect: 'write',
    json: {
      TableName: 'ConsentPerson',
      Columns: ['person_id', 'consentPurpose_id', 'legalBase_id', 'consentSource_id', 'comment'],
      Keys: ['person_id', 'consentPurpose_id'],
      Data: jobs.map(dataOf),
      NomatchAction: 'NoChange',
      ReturnRowStatus: true,
    },
  } as const
  try {
    const { body } = await client.json(request, massWriteAnswer, context)
    const rows = toFlag(body.Success) === true ? (body.RowStatus ?? []) : []
    const done = readRecords(rowStatus, rows, context).filter(
      ({ Action }) => Action === 'Updated' || Action === 'Inserted',
    )
    return new Set(done.map(({ RowKeys }) => rowKey(...RowKeys)))
  } catch (error) {
    if (error instanceof UpstreamError && REFUSALS.includes(error.code)) {
      return new Set()
    }
    throw error
  }
}

/** The agent is not granted, not there, or does not take it: then each by itself. */
const REFUSALS = ['upstream_forbidden', 'upstream_not_found', 'upstream_refused']

function dataOf({ personId, spelling }: ConsentJob): readonly string[] {
  const { purposeId, basisId, sourceId } = spelling?.ids ?? {}
  return [...[personId, purposeId, basisId, sourceId].map(String), COMMENT]
}

function rowKey(...parts: readonly (string | number | undefined)[]): string {
  return parts.slice(0, 2).join(' ')
}
