import {
  type CallContext,
  UpstreamError,
  answer,
  entries,
  inParallel,
  part,
  readRecords,
} from '../../../http/index.js'
import type { CrmWriteOutcome } from '../../crm.js'
import { MAX_PARALLEL_CALLS } from '../http-clients.js'
import type { ReadSource } from '../reading/read-consents.js'
import { NOT_JSON } from '../wire/describe-error.js'
import { type ConsentJob, openJobs, prepareJobs } from './consent-job.js'
import { PUT_CONSENT, putConsent, COMMENT } from './put-consent.js'
import { z } from 'zod'
import type { SuperOfficeClient } from '../client.js'
import type { SuperOfficeFacts } from '../facts.js'
import { toFlag } from '../wire/values.js'

/**
 * Sends the open jobs, a few at a time, started in order; all withdrawals are answered before the first write that
 * loosens starts. @returns the reason to send nothing more, or null.
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

/** Uses one mass write if that is known to work, and single writes for the rest. */
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

/**
 * A mass write may have written rows that it did not report, so a moved row is a conflict and is read again
 * immediately.
 */
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
 * The outcome of a write without a good answer. A 4xx concerns only this row, except sign-in and limits. An HTML page
 * comes from a gateway and proves nothing about the person; neither does the answer to an auxiliary call (tenant
 * status, ticket).
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

/** Fewer are as quick as single writes. */
const LEAST_WRITES = 10

const UPSERT = 'POST /Agents/DatabaseTable/Upsert'

/** An unreadable row counts as not reported and is read again alone. */
export const rowStatus = answer(
  { name: 'superoffice.rowStatus', operation: UPSERT, lossUnit: 'record' },
  part({ Action: z.string(), RowKeys: z.array(z.union([z.string(), z.number()])) }),
)
export const massWriteAnswer = answer(
  { name: 'superoffice.massWrite', operation: UPSERT, lossUnit: 'call' },
  part({ Success: z.unknown().optional(), RowStatus: entries.nullish().catch(null) }),
)

/**
 * The writes that may share a mass write: only if set-up measured that it raises the version by one and names us, and
 * only for existing rows, because its effect on a new one was not measured.
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
 * Writes many consents in one request (docs/wire-superoffice.md, 7.2); `NoChange` keeps every other row. Marks a job as
 * acknowledged if its row is reported.
 * @returns whether every row was; otherwise a part may still have been written.
 * @throws UpstreamError if the answer was lost, or the complete call was refused for now.
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

/** The agent is not granted, missing, or refuses the call: then single writes are sent. */
const REFUSALS = ['upstream_forbidden', 'upstream_not_found', 'upstream_refused']

function dataOf({ personId, spelling }: ConsentJob): readonly string[] {
  const { purposeId, basisId, sourceId } = spelling?.ids ?? {}
  return [...[personId, purposeId, basisId, sourceId].map(String), COMMENT]
}

function rowKey(...parts: readonly (string | number | undefined)[]): string {
  return parts.slice(0, 2).join(' ')
}
