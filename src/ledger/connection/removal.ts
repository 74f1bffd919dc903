import type { Queryable, Transaction } from '../db/database.js'

/** Notes that the removal of the installation has begun, or that none is in progress. */
export async function saveRemovalBegun(
  db: Queryable,
  connectionId: string,
  begun: boolean,
): Promise<void> {
  await db.query(`UPDATE connections SET removal_begun = $2 WHERE connection_id = $1`, [
    connectionId,
    begun,
  ])
}

/** Clears the registered webhooks after they were removed. */
export async function forgetRegisteredWebhooks(db: Queryable, connectionId: string): Promise<void> {
  await db.query(`UPDATE connections SET registered_webhooks = NULL WHERE connection_id = $1`, [
    connectionId,
  ])
}

/**
 * A No in the CRM that eMarketeer does not hold: of a live contact, in a category that eMarketeer has. It counts even
 * if eMarketeer does not know the address, because the person may appear there later.
 */
const UNSAVED = `FROM crm_subscriptions s
  JOIN crm_contacts c ON c.connection_id = s.connection_id AND c.crm_contact_id = s.crm_contact_id AND c.state = 'live'
  JOIN categories k ON k.connection_id = s.connection_id AND k.category_id = s.category_id
  WHERE s.connection_id = $1 AND s.subscribed = false AND NOT EXISTS (SELECT FROM cells
    WHERE cells.address_id = c.address_id AND cells.cell_key = 'category:' || s.category_id
      AND cells.emarketeer_basis = 'withdrawn')`

/** Counts the unsubscribes in the CRM, of people on both sides, that have not reached eMarketeer. */
export async function countUnsavedNos(db: Queryable, connectionId: string): Promise<number> {
  const rows = await db.query<{ count: number }>(
    `SELECT count(*) AS count ${UNSAVED} AND EXISTS (SELECT FROM emarketeer_contacts e
      WHERE e.connection_id = s.connection_id AND e.address_id = c.address_id)`,
    [connectionId],
  )
  return rows[0]!.count
}

/** A No among the CRM's changes. */
export interface ReportedNo {
  readonly crmContactId: string
  readonly categoryId: string
}

/**
 * Stores each such No of the copy as a carried deny. It reaches eMarketeer when the connection is enabled again (F5).
 */
export async function carryUnsavedNos(tx: Transaction, connectionId: string): Promise<void> {
  await tx.query(
    `INSERT INTO carried_denies (connection_id, crm_contact_id, cell_key, reason)
      SELECT DISTINCT s.connection_id, s.crm_contact_id, 'category:' || s.category_id, 'removed' ${UNSAVED}
      ON CONFLICT DO NOTHING`,
    [connectionId],
  )
}

/** Stores the Nos among the CRM's changes since the last update of the copy. */
export async function carryReportedNos(
  tx: Transaction,
  connectionId: string,
  reported: readonly ReportedNo[],
): Promise<void> {
  await tx.query(
    `INSERT INTO carried_denies (connection_id, crm_contact_id, cell_key, reason)
      SELECT DISTINCT $1, t.crm_contact_id, 'category:' || t.category_id, 'removed'
      FROM unnest($2::text[], $3::text[]) AS t(crm_contact_id, category_id)
      WHERE NOT EXISTS (SELECT FROM crm_contacts c JOIN cells USING (address_id)
        WHERE c.connection_id = $1 AND c.crm_contact_id = t.crm_contact_id
          AND cells.cell_key = 'category:' || t.category_id AND cells.emarketeer_basis = 'withdrawn')
      ON CONFLICT DO NOTHING`,
    [connectionId, reported.map((no) => no.crmContactId), reported.map((no) => no.categoryId)],
  )
}

/** Counts the Nos that wait for the connection to be enabled again. */
export async function countCarriedNos(db: Queryable, connectionId: string): Promise<number> {
  const rows = await db.query<{ count: number }>(
    `SELECT count(*) AS count FROM carried_denies WHERE connection_id = $1 AND reason = 'removed'`,
    [connectionId],
  )
  return rows[0]!.count
}

/**
 * Clears what set-up learned about a removed installation: facts, webhooks, the change cursor of deleted tables, and
 * the copy of their rows. Contacts, the last state and the evidence stay.
 */
export async function forgetInstallation(tx: Transaction, connectionId: string): Promise<void> {
  await tx.query(
    `UPDATE connections SET facts = '{}', registered_webhooks = NULL, removal_begun = false, crm_cursor = NULL, crm_proven_at = NULL, crm_untold = false,
        crm_relisted_at = NULL, crm_future_stamps = NULL, updated_at = now()
      WHERE connection_id = $1 AND state = 'disabled'`,
    [connectionId],
  )
  await tx.query(
    `DELETE FROM crm_subscriptions s USING connections c
      WHERE s.connection_id = $1 AND c.connection_id = $1 AND c.state = 'disabled'`,
    [connectionId],
  )
  await tx.query(
    `UPDATE categories t SET in_crm_at = NULL FROM connections c
      WHERE t.connection_id = $1 AND c.connection_id = $1 AND c.state = 'disabled'`,
    [connectionId],
  )
}
