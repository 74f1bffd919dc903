import { z } from 'zod'
import {
  answer,
  type CallContext,
  entries,
  part,
  readRecords,
  UpstreamError,
} from '../../../http/index.js'
import type { SuperOfficeClient } from '../client.js'
import type { SuperOfficeFacts } from '../facts.js'
import { toFlag } from '../wire/values.js'
import type { ConsentJob } from './consent-job.js'
import { COMMENT } from './put-consent.js'

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
export function massWritable(
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
export async function massWrite(
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
