import { markDirty } from './addresses.js'
import { markCrmDoubtful } from './address-rows.js'
import { addressesOfCrmContacts } from './crm-mirror-rows.js'
import type { CrmConsent, CrmWrite } from '../crm/crm.js'
import type { Queryable } from './database.js'
import type { ReadWindow } from './ticks.js'

/** A write of ours that the CRM has applied; `version` null where it told none. */
export interface AcknowledgedCrmRow {
  readonly write: CrmWrite
  readonly version: string | null
  /** The value as read back after the write, where the CRM cannot refuse a stale one: perhaps somebody else's. */
  readonly readBack: CrmConsent | null
}

/**
 * Brings our copy to what our own applied writes left behind, as a reading within the window of the call. A write
 * without a version leaves the row unproven, and so does a row that somebody has read in another version meanwhile:
 * its address is in doubt until it is read directly. What was read back is taken as it is, whoever wrote it; where it is
 * not ours, every address of the record is due.
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
    rows.filter(({ write }) => write.kind !== 'deleteSubscription' && !settled.has(placeOf(write))),
  )
}

function placeOf(write: CrmWrite): string {
  return 'rowId' in write
    ? write.rowId
    : write.kind === 'consent'
      ? `${write.contactId} ${write.purpose}`
      : write.contactId
}

async function setConsents(
  tx: Queryable,
  connectionId: string,
  rows: readonly AcknowledgedCrmRow[],
  window: ReadWindow,
): Promise<string[]> {
  const consents = rows.flatMap(({ write, version, readBack }) =>
    write.kind === 'consent'
      ? [
          {
            ...write,
            now: readBack ?? { value: write.value, version, lastWriter: 'us', stamp: null },
          },
        ]
      : [],
  )
  const places: string[] = []
  // One purpose at a time: a record is updated once by a statement, whatever it is joined to.
  for (const purpose of new Set(consents.map((write) => write.purpose))) {
    const own = consents.filter((write) => write.purpose === purpose)
    const settled = await tx.query<{ id: string }>(
      `UPDATE crm_contacts c SET read_from = $4, read_to = $5,
          consents = c.consents || jsonb_build_object($6::text, w.now)
        FROM unnest($2::text[], $3::jsonb[], $7::text[]) AS w(contact_id, now, expected)
        WHERE c.connection_id = $1 AND c.crm_contact_id = w.contact_id
          AND c.consents->$6->>'version' = w.expected
        RETURNING c.crm_contact_id AS id`,
      [
        connectionId,
        own.map((w) => w.contactId),
        own.map((w) => JSON.stringify(w.now)),
        window.from,
        window.to,
        purpose,
        own.map((w) => w.expectedVersion),
      ],
    )
    places.push(...settled.map((row) => `${row.id} ${purpose}`))
  }
  const foreign = consents.filter(
    ({ now, value }) => now.lastWriter !== 'us' || now.value !== value,
  )
  const ids = [...new Set(foreign.map((write) => write.contactId))]
  await markDirty(tx, await addressesOfCrmContacts(tx, connectionId, ids))
  return places
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
