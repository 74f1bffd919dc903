import { halvesOf, chunksOf } from '../../../domain/lists.js'
import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { CrmWriteOutcome, CrmWrite } from '../../crm.js'
import { type DataverseClient, API_ROOT } from '../client.js'
import { SQL_TIMEOUT } from '../wire/errors.js'
import { lostOutcome, sendParts } from './send-parts.js'
import type { DynamicsFacts, SubscriptionTables } from '../facts.js'
import { byKey, isGuid, shorten } from '../wire/odata.js'
import { rowKey } from '../wire/row-key.js'

/** A write that creates a subscription row. */
export type CreateWrite = Extract<CrmWrite, { kind: 'createSubscription' }>

/** Longest `em_name` of a row. */
const MAX_NAME_CHARACTERS = 100

/** A row as both ways to create it send it. */
export interface RowToCreate {
  /** `em_rowkey`. */
  readonly key: string
  /** `em_subscriptionses(em_rowkey='…')`. */
  readonly keyPath: string
  /** Without the key column: a create at {@link keyPath} that repeats it fails. */
  readonly body: Readonly<Record<string, string | boolean>>
}

/**
 * Prepares a row; lookups are bound by the navigation names that set-up learned.
 * @param categoryRowId the category's row in Dynamics; null: there is none yet.
 * @returns null if it cannot be created: there is no such category, the contact's id is not a GUID, or the
 * relationships are missing.
 */
export function rowToCreate(
  write: CreateWrite,
  tables: SubscriptionTables,
  navigation: DynamicsFacts['navigation'],
  categoryRowId: string | null,
): RowToCreate | null {
  const { contactId, categoryId, categoryName, subscribed } = write
  if (navigation === undefined || categoryRowId === null || !isGuid(contactId)) {
    return null
  }
  const key = rowKey(contactId, categoryId)
  return {
    key,
    keyPath: byKey(tables.subscriptions.setName, 'em_rowkey', key),
    body: {
      em_name: shorten(categoryName, MAX_NAME_CHARACTERS),
      em_subscribed: subscribed,
      [`${navigation.contact}@odata.bind`]: `/contacts(${contactId})`,
      [`${navigation.category}@odata.bind`]: `/${tables.categories.setName}(${categoryRowId})`,
    },
  }
}

/** Rows in the first `CreateMultiple`. */
export const MAX_CREATED_ROWS = 1_000

/** A bulk write may take minutes (docs/wire-dataverse.md, 14); after a shorter time-out it would continue unseen. */
const BULK_TIMEOUT_MS = 120_000

const OPERATION = 'POST /{subscriptions}/CreateMultiple'

/**
 * Creates rows that are known to be absent (docs/wire-dataverse.md, 16.6) by `CreateMultiple`, which is all or nothing
 * and returns no versions. It never overwrites: where a row exists meanwhile, its alternate key makes the request fail,
 * also if it lands late. Too large a request is halved. If the request is refused, the message is missing, or it times
 * out, each row is sent alone with `If-None-Match: *`, so that a bad row affects only itself.
 * @returns one outcome per row, in order, and the reason to send nothing more (null: continue).
 */
export async function createRows(
  client: DataverseClient,
  setName: string,
  primaryId: string,
  rows: readonly RowToCreate[],
  context: CallContext,
): Promise<{ outcomes: readonly CrmWriteOutcome[]; stop: Error | null }> {
  try {
    await client.text(
      {
        method: 'POST',
        path: `${setName}/Microsoft.Dynamics.CRM.CreateMultiple`,
        operation: OPERATION,
        name: 'rows.create',
        effect: 'write',
        requestTimeoutMs: BULK_TIMEOUT_MS,
        json: {
          Targets: rows.map((row) => ({
            '@odata.type': 'Microsoft.Dynamics.CRM.em_subscriptions',
            em_rowkey: row.key,
            ...row.body,
          })),
        },
      },
      context,
    )
    const outcome = { status: 'applied', version: null, rowId: null } as const
    return { outcomes: rows.map(() => outcome), stop: null }
  } catch (error) {
    if (!(error instanceof UpstreamError)) {
      throw error
    }
    if (isTooMuch(error) && rows.length > 1) {
      return createHalves(client, setName, primaryId, rows, context)
    }
    if (isRefusedAsAWhole(error) || error.code === 'upstream_timeout') {
      // One by one, create only: after a time-out the rows may exist, and a person may have changed one since.
      return createEach(client, primaryId, rows, context)
    }
    const lost = lostOutcome(error)
    return { outcomes: rows.map(() => lost), stop: lost.error }
  }
}

/** The request was refused or rolled back because of its size: nothing was stored, so half of it may be sent again. */
function isTooMuch(error: UpstreamError): boolean {
  return error.status === 413 || error.upstreamCode === SQL_TIMEOUT
}

/** A 4xx about the rows or the message (404, 405, 501: not available), not about rights or limits. */
function isRefusedAsAWhole(error: UpstreamError): boolean {
  const { status, code } = error
  return (
    status !== null &&
    (status < 500 || status === 501) &&
    code !== 'upstream_auth_failed' &&
    code !== 'upstream_forbidden' &&
    code !== 'upstream_rate_limited' &&
    code !== 'upstream_not_json'
  )
}

async function createHalves(
  client: DataverseClient,
  setName: string,
  primaryId: string,
  rows: readonly RowToCreate[],
  context: CallContext,
) {
  const [half, rest] = halvesOf(rows)
  const first = await createRows(client, setName, primaryId, half, context)
  if (first.stop !== null) {
    const { stop } = first
    const notSent = rest.map(() => ({ status: 'notSent', error: stop }) as const)
    return { outcomes: [...first.outcomes, ...notSent], stop }
  }
  const second = await createRows(client, setName, primaryId, rest, context)
  return { outcomes: [...first.outcomes, ...second.outcomes], stop: second.stop }
}

/** Writes of one `$batch`: few, so that a lost answer leaves few in doubt. */
export const MAX_WRITE_PARTS = 200

/** Creates rows one by one, create only: a row that already exists is a conflict; it is read and not overwritten. */
async function createEach(
  client: DataverseClient,
  primaryId: string,
  rows: readonly RowToCreate[],
  context: CallContext,
): Promise<{ outcomes: readonly CrmWriteOutcome[]; stop: Error | null }> {
  const outcomes: CrmWriteOutcome[] = []
  let stop: Error | null = null
  for (const chunk of chunksOf(rows, MAX_WRITE_PARTS)) {
    if (stop !== null) {
      const error: Error = stop
      outcomes.push(...chunk.map(() => ({ status: 'notSent', error }) as const))
      continue
    }
    const parts = chunk.map((row) => ({
      primaryId,
      request: {
        method: 'PATCH' as const,
        path: `${API_ROOT}${row.keyPath}?$select=${primaryId},em_subscribed`,
        headers: { 'If-None-Match': '*', Prefer: 'return=representation' },
        body: row.body,
      },
    }))
    const sent = await sendParts(client, parts, context)
    outcomes.push(...sent.outcomes)
    stop = sent.stop
  }
  return { outcomes, stop }
}
