import type { Queryable, Transaction } from '../db/database.js'

/**
 * The fact that removing the installation has begun, so that its tables need not be readable any more. Forgotten with
 * all others at the end, and when the connection is enabled again.
 */
export const REMOVAL_BEGUN = 'removalBegun'

/**
 * A No that stands in the CRM and that eMarketeer does not hold: of a live contact, in a category that eMarketeer has.
 * Where nobody in eMarketeer has the address, it counts too: the person may appear there later.
 */
const UNSAVED = `FROM crm_subscriptions s
  JOIN crm_contacts c ON c.connection_id = s.connection_id AND c.crm_contact_id = s.crm_contact_id AND c.state = 'live'
  JOIN categories k ON k.connection_id = s.connection_id AND k.category_id = s.category_id
  WHERE s.connection_id = $1 AND s.subscribed = false AND NOT EXISTS (SELECT FROM cells
    WHERE cells.address_id = c.address_id AND cells.cell_key = 'category:' || s.category_id
      AND cells.emarketeer_basis = 'withdrawn')`

/** How many unsubscribes made in the CRM have not reached eMarketeer, of people whom both sides know. */
export async function countUnsavedNos(db: Queryable, connectionId: string): Promise<number> {
  const rows = await db.query<{ count: number }>(
    `SELECT count(*) AS count ${UNSAVED} AND EXISTS (SELECT FROM emarketeer_contacts e
      WHERE e.connection_id = s.connection_id AND e.address_id = c.address_id)`,
    [connectionId],
  )
  return rows[0]!.count
}

/** A No as the CRM told it. */
export interface ToldNo {
  readonly crmContactId: string
  readonly categoryId: string
}

/**
 * Keeps every such No of our copy, as a deny that is carried to eMarketeer when the connection is enabled again (F5).
 */
export async function carryUnsavedNos(tx: Transaction, connectionId: string): Promise<void> {
  await tx.query(
    `INSERT INTO carried_denies (connection_id, crm_contact_id, cell_key, reason)
      SELECT DISTINCT s.connection_id, s.crm_contact_id, 'category:' || s.category_id, 'removed' ${UNSAVED}
      ON CONFLICT DO NOTHING`,
    [connectionId],
  )
}

/** The same for those that the CRM told since our copy was last brought up to date. */
export async function carryToldNos(
  tx: Transaction,
  connectionId: string,
  told: readonly ToldNo[],
): Promise<void> {
  await tx.query(
    `INSERT INTO carried_denies (connection_id, crm_contact_id, cell_key, reason)
      SELECT DISTINCT $1, t.crm_contact_id, 'category:' || t.category_id, 'removed'
      FROM unnest($2::text[], $3::text[]) AS t(crm_contact_id, category_id)
      WHERE NOT EXISTS (SELECT FROM crm_contacts c JOIN cells USING (address_id)
        WHERE c.connection_id = $1 AND c.crm_contact_id = t.crm_contact_id
          AND cells.cell_key = 'category:' || t.category_id AND cells.emarketeer_basis = 'withdrawn')
      ON CONFLICT DO NOTHING`,
    [connectionId, told.map((no) => no.crmContactId), told.map((no) => no.categoryId)],
  )
}

/** How many Nos wait so for the connection to be enabled again. */
export async function countCarriedNos(db: Queryable, connectionId: string): Promise<number> {
  const rows = await db.query<{ count: number }>(
    `SELECT count(*) AS count FROM carried_denies WHERE connection_id = $1 AND reason = 'removed'`,
    [connectionId],
  )
  return rows[0]!.count
}

/**
 * Forgets what set-up knew of the installation, after it was removed: facts, the change cursor of tables that are gone,
 * and our copy of their rows. Contacts, what was last synced and the evidence stay.
 */
export async function forgetInstallation(tx: Transaction, connectionId: string): Promise<void> {
  await tx.query(
    `UPDATE connections SET facts = '{}', crm_cursor = NULL, crm_proven_at = NULL, crm_untold = false,
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
