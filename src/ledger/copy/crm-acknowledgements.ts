import { markDue } from '../address/addresses.js'
import { byKey } from '../db/by-key.js'
import { markCrmDoubtful } from '../address/address-rows.js'
import { addressesOfCrmContacts } from './crm-mirror-rows.js'
import type { CrmConsent, CrmWrite } from '../../crm/crm.js'
import type { Transaction } from '../db/database.js'
import type { ReadWindow } from '../../domain/read-window.js'

/** An applied write; `version` null: unknown. */
export interface AcknowledgedCrmRow {
  readonly write: CrmWrite
  readonly version: string | null
  /** The read-back, if the CRM cannot refuse a stale write. Its value may be another writer's. */
  readonly readBack: CrmConsent | null
}

/**
 * Updates the copy after our applied writes, as a reading within the window of the call. An address stays in doubt
 * until it is read directly if its write returned no version or its row was read in another version meanwhile. A
 * read-back is stored as read; if it is not our value, every address of the record is due.
 */
export async function acknowledgeCrmRows(
  tx: Transaction,
  connectionId: string,
  rows: readonly AcknowledgedCrmRow[],
  window: ReadWindow,
): Promise<void> {
  const versioned = rows.filter((row) => row.version !== null)
  const settled = new Set([
    ...(await setConsents(tx, connectionId, versioned, window)),
    ...(await setSubscriptions(tx, connectionId, versioned, window)),
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
      ({ write }) => write.kind !== 'deleteSubscription' && !settled.has(writeKey(write)),
    ),
  )
}

function writeKey(write: CrmWrite): string {
  return 'rowId' in write
    ? write.rowId
    : write.kind === 'consent'
      ? `${write.contactId} ${write.purpose}`
      : write.contactId
}

async function setConsents(
  tx: Transaction,
  connectionId: string,
  rows: readonly AcknowledgedCrmRow[],
  window: ReadWindow,
): Promise<string[]> {
  const consents = rows.flatMap(({ write, version, readBack }) =>
    write.kind === 'consent'
      ? [
          {
            ...write,
            now: readBack ?? { value: write.value, version, lastWriter: 'us' },
          },
        ]
      : [],
  )
  const places: string[] = []
  // One purpose at a time, because an UPDATE changes a row only once.
  for (const purpose of new Set(consents.map((write) => write.purpose))) {
    const own = consents.filter((write) => write.purpose === purpose)
    const settled = await tx.query<{ id: string }>(
      `UPDATE crm_contacts SET read_from = $4, read_to = $5,
          consents = consents || jsonb_build_object($6::text, $3::jsonb -> crm_contact_id -> 'now')
        WHERE connection_id = $1 AND crm_contact_id = ANY($2)
          AND consents -> $6 ->> 'version' = $3::jsonb -> crm_contact_id ->> 'expected'
        RETURNING crm_contact_id AS id`,
      [
        connectionId,
        own.map((w) => w.contactId),
        byKey(own.map((w) => [w.contactId, { now: w.now, expected: w.expectedVersion }])),
        window.from,
        window.to,
        purpose,
      ],
    )
    places.push(...settled.map((row) => `${row.id} ${purpose}`))
  }
  const foreign = consents.filter(
    ({ now, value }) => now.lastWriter !== 'us' || now.value !== value,
  )
  const ids = [...new Set(foreign.map((write) => write.contactId))]
  await markDue(tx, await addressesOfCrmContacts(tx, connectionId, ids))
  return places
}

async function setSubscriptions(
  tx: Transaction,
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
    `UPDATE crm_subscriptions SET read_from = $4, read_to = $5, own_version = $3::jsonb -> row_id ->> 'version',
        subscribed = ($3::jsonb -> row_id -> 'subscribed')::boolean, version = $3::jsonb -> row_id ->> 'version'
      WHERE connection_id = $1 AND row_id = ANY($2) AND version = $3::jsonb -> row_id ->> 'expected'
      RETURNING row_id AS id`,
    [
      connectionId,
      updates.map((w) => w.rowId),
      byKey(
        updates.map(({ rowId, subscribed, version, expectedVersion }) => [
          rowId,
          { subscribed, version, expected: expectedVersion },
        ]),
      ),
      window.from,
      window.to,
    ],
  )
  return settled.map((row) => row.id)
}

async function doubt(
  tx: Transaction,
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
