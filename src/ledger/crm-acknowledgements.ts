import { markCrmDoubtful } from './address-rows.js'
import type { CrmWrite } from '../crm/crm.js'
import type { Queryable } from './database.js'
import type { ReadWindow } from './ticks.js'

/** A write of ours that the CRM has applied; `version` null where it told none. */
export interface AcknowledgedCrmRow {
  readonly write: CrmWrite
  readonly version: string | null
}

/**
 * Brings our copy to what our own applied writes left behind, as a reading within the window of the call. A write
 * without a version leaves the row unproven, and so does a row that somebody has read in another version meanwhile:
 * its address is in doubt until it is read directly.
 */
export async function acknowledgeCrmRows(
  tx: Queryable,
  connectionId: string,
  rows: readonly AcknowledgedCrmRow[],
  window: ReadWindow,
): Promise<void> {
  const told = rows.filter((row) => row.version !== null)
  const settled = new Set([
    ...(await setConsents(tx, connectionId, told, window)),
    ...(await setSubscriptions(tx, connectionId, told, window)),
  ])
  const deleted = rows.flatMap(({ write }) =>
    write.kind === 'deleteSubscription' ? [write.rowId] : [],
  )
  if (deleted.length > 0) {
    await tx.query(`DELETE FROM crm_subscriptions WHERE connection_id = $1 AND row_id = ANY($2)`, [
      connectionId,
      deleted,
    ])
  }
  await doubt(
    tx,
    connectionId,
    rows.filter(
      ({ write }) => write.kind !== 'deleteSubscription' && !settled.has(recordOf(write)),
    ),
  )
}

function recordOf(write: CrmWrite): string {
  return 'rowId' in write ? write.rowId : write.contactId
}

async function setConsents(
  tx: Queryable,
  connectionId: string,
  rows: readonly AcknowledgedCrmRow[],
  window: ReadWindow,
): Promise<string[]> {
  const consents = rows.flatMap(({ write, version }) =>
    write.kind === 'consent' ? [{ ...write, version }] : [],
  )
  if (consents.length === 0) {
    return []
  }
  const settled = await tx.query<{ id: string }>(
    `UPDATE crm_contacts c SET read_from = $5, read_to = $6, consents = c.consents || jsonb_build_object(w.purpose,
        jsonb_build_object('value', w.value, 'version', w.version, 'lastWriter', 'us', 'stamp', NULL))
      FROM unnest($2::text[], $3::text[], $4::text[], $7::text[], $8::text[])
        AS w(contact_id, purpose, value, version, expected)
      WHERE c.connection_id = $1 AND c.crm_contact_id = w.contact_id
        AND c.consents->w.purpose->>'version' = w.expected
      RETURNING c.crm_contact_id AS id`,
    [
      connectionId,
      consents.map((w) => w.contactId),
      consents.map((w) => w.purpose),
      consents.map((w) => w.value),
      window.from,
      window.to,
      consents.map((w) => w.version),
      consents.map((w) => w.expectedVersion),
    ],
  )
  return settled.map((row) => row.id)
}

async function setSubscriptions(
  tx: Queryable,
  connectionId: string,
  rows: readonly AcknowledgedCrmRow[],
  window: ReadWindow,
): Promise<string[]> {
  const updates = rows.flatMap(({ write, version }) =>
    write.kind === 'subscription' ? [{ ...write, version }] : [],
  )
  if (updates.length === 0) {
    return []
  }
  const settled = await tx.query<{ id: string }>(
    `UPDATE crm_subscriptions s SET subscribed = w.subscribed, version = w.version, read_from = $5, read_to = $6
      FROM unnest($2::text[], $3::boolean[], $4::text[], $7::text[]) AS w(row_id, subscribed, version, expected)
      WHERE s.connection_id = $1 AND s.row_id = w.row_id AND s.version = w.expected
      RETURNING s.row_id AS id`,
    [
      connectionId,
      updates.map((w) => w.rowId),
      updates.map((w) => w.subscribed),
      updates.map((w) => w.version),
      window.from,
      window.to,
      updates.map((w) => w.expectedVersion),
    ],
  )
  return settled.map((row) => row.id)
}

async function doubt(
  tx: Queryable,
  connectionId: string,
  rows: readonly AcknowledgedCrmRow[],
): Promise<void> {
  const contactIds = rows.flatMap(({ write }) => ('contactId' in write ? [write.contactId] : []))
  const rowIds = rows.flatMap(({ write }) => ('rowId' in write ? [write.rowId] : []))
  if (contactIds.length + rowIds.length === 0) {
    return
  }
  const addresses = await tx.query<{ id: number }>(
    `SELECT DISTINCT c.address_id AS id FROM crm_contacts c
      WHERE c.connection_id = $1 AND c.address_id IS NOT NULL AND (c.crm_contact_id = ANY($2)
        OR c.crm_contact_id IN (SELECT s.crm_contact_id FROM crm_subscriptions s
          WHERE s.connection_id = $1 AND s.row_id = ANY($3)))`,
    [connectionId, contactIds, rowIds],
  )
  await markCrmDoubtful(
    tx,
    addresses.map((row) => row.id),
  )
}
