import { halvesOf } from '../../../domain/lists.js'
import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { CrmWriteOutcome } from '../../crm.js'
import type { DataverseClient } from '../client.js'
import { SQL_TIMEOUT } from '../wire/errors.js'
import { createEach } from './create-each.js'
import type { RowToCreate } from './row-to-create.js'
import { lostOutcome } from './send-parts.js'

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
