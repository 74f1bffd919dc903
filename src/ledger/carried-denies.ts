import type { CellKey } from '../domain/cell-key.js'
import type { StoredCrmContact } from './crm-mirror-rows.js'
import type { Queryable } from './database.js'

/** A deny that follows a person onto a record that does not show it yet (rule F5). */
export interface CarriedDeny {
  readonly crmContactId: string
  readonly cellKey: CellKey
}

interface NewCarriedDeny extends CarriedDeny {
  readonly reason: 'merge' | 'addressChange'
}

/** Denies carried onto these contacts. */
export function carriedDeniesOf(
  db: Queryable,
  connectionId: string,
  crmContactIds: readonly string[],
): Promise<CarriedDeny[]> {
  return db.query<CarriedDeny>(
    `SELECT crm_contact_id AS "crmContactId", cell_key AS "cellKey" FROM carried_denies
      WHERE connection_id = $1 AND crm_contact_id = ANY($2)`,
    [connectionId, crmContactIds],
  )
}

/**
 * A merge keeps the master's values, so the opt-out of the record that was merged away would be lost: it is carried
 * onto the master (strictest wins).
 * @returns addresses of the masters, which now need a pass.
 */
export async function carryDeniesOfMerged(
  tx: Queryable,
  connectionId: string,
  merged: readonly StoredCrmContact[],
): Promise<number[]> {
  const denies: NewCarriedDeny[] = []
  for (const record of merged) {
    for (const [purpose, consent] of Object.entries(record.consents)) {
      if (record.mergedInto && (consent.value === 'deny' || consent.value === 'withdrawn')) {
        denies.push({
          crmContactId: record.mergedInto,
          cellKey: purpose as CellKey,
          reason: 'merge',
        })
      }
    }
  }
  await save(tx, connectionId, denies)
  const rows = await tx.query<{ id: number }>(
    `SELECT DISTINCT address_id AS id FROM crm_contacts
      WHERE connection_id = $1 AND crm_contact_id = ANY($2) AND address_id IS NOT NULL`,
    [connectionId, denies.map((d) => d.crmContactId)],
  )
  return rows.map((row) => row.id)
}

/**
 * A record that leaves an address takes eMarketeer's withdrawals and Nos of that address along: they follow the
 * person, and stay on the old address too. A positive basis does not move.
 */
export async function carryDeniesOfMoved(
  tx: Queryable,
  connectionId: string,
  moved: readonly StoredCrmContact[],
): Promise<void> {
  if (moved.length === 0) {
    return
  }
  await tx.query(
    `INSERT INTO carried_denies (connection_id, crm_contact_id, cell_key, reason)
      SELECT $1, m.crm_contact_id, c.cell_key, 'addressChange'
      FROM unnest($2::text[], $3::bigint[]) AS m(crm_contact_id, address_id)
      JOIN cells c ON c.address_id = m.address_id AND c.emarketeer_basis = 'withdrawn'
      ON CONFLICT DO NOTHING`,
    [connectionId, moved.map((m) => m.crmContactId), moved.map((m) => m.addressId)],
  )
}

async function save(
  tx: Queryable,
  connectionId: string,
  denies: readonly NewCarriedDeny[],
): Promise<void> {
  if (denies.length === 0) {
    return
  }
  await tx.query(
    `INSERT INTO carried_denies (connection_id, crm_contact_id, cell_key, reason)
      SELECT $1, d.* FROM unnest($2::text[], $3::text[], $4::text[]) AS d ON CONFLICT DO NOTHING`,
    [
      connectionId,
      denies.map((d) => d.crmContactId),
      denies.map((d) => d.cellKey),
      denies.map((d) => d.reason),
    ],
  )
}

/** The record itself shows the deny now: it need not be carried any longer. */
export async function dropCarriedDenies(
  tx: Queryable,
  connectionId: string,
  denies: readonly CarriedDeny[],
): Promise<void> {
  if (denies.length === 0) {
    return
  }
  await tx.query(
    `DELETE FROM carried_denies c USING unnest($2::text[], $3::text[]) AS d(crm_contact_id, cell_key)
      WHERE c.connection_id = $1 AND c.crm_contact_id = d.crm_contact_id AND c.cell_key = d.cell_key`,
    [connectionId, denies.map((d) => d.crmContactId), denies.map((d) => d.cellKey)],
  )
}
