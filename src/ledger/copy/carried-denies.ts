import type { CellKey } from '../../domain/cell-key.js'
import type { StoredCrmContact } from './crm-mirror-rows.js'
import type { Queryable, Transaction } from '../db/database.js'

/** A deny that follows a person to a record that does not show it yet (rule F5). */
export interface CarriedDeny {
  readonly crmContactId: string
  readonly cellKey: CellKey
}

/** A record that was merged into another; `before` is null if the copy did not have it. */
export interface MergedRecord {
  readonly record: StoredCrmContact
  readonly before: StoredCrmContact | null
}

interface NewCarriedDeny extends CarriedDeny {
  readonly reason: 'merge' | 'addressChange'
}

/** The denies carried onto these contacts. */
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
 * Carries the opt-out of a merged record onto its master, because the merge keeps the master's values (the strictest
 * value wins).
 * @param departed denies that left with these records, also those that our write may have overwritten.
 * @returns addresses of the masters, which need a pass.
 */
export async function carryDeniesOfMerged(
  tx: Transaction,
  connectionId: string,
  merged: readonly MergedRecord[],
  departed: readonly {
    readonly cellKey: CellKey
    readonly record: { readonly recordId: string }
  }[],
): Promise<number[]> {
  if (merged.length === 0) {
    return []
  }
  const denies = merged.flatMap(({ record, before }): NewCarriedDeny[] => {
    const { crmContactId, mergedInto: master } = record
    const inDoubt = departed.filter((deny) => deny.record.recordId === crmContactId)
    return master === null
      ? []
      : [
          ...deniedBy(record, before, master),
          ...inDoubt.map(({ cellKey }) => carriedTo(master, cellKey)),
        ]
  })
  await save(tx, connectionId, denies)
  await carryWithdrawalsOfMerged(tx, connectionId, merged)
  await passOn(tx, connectionId, merged)
  const rows = await tx.query<{ id: number }>(
    `SELECT DISTINCT address_id AS id FROM crm_contacts
      WHERE connection_id = $1 AND crm_contact_id = ANY($2) AND address_id IS NOT NULL`,
    [connectionId, merged.map((m) => m.record.mergedInto)],
  )
  return rows.map((row) => row.id)
}

/** The record's denies. If a value is unreadable, its last readable value counts. */
function deniedBy(
  record: StoredCrmContact,
  before: StoredCrmContact | null,
  master: string,
): NewCarriedDeny[] {
  const purposes = new Set([
    ...Object.keys(record.consents),
    ...Object.keys(before?.consents ?? {}),
  ])
  return [...purposes].flatMap((purpose) => {
    const key = purpose as keyof typeof record.consents
    const value = record.consents[key]?.value ?? before?.consents[key]?.value
    return value === 'deny' || value === 'withdrawn' ? [carriedTo(master, key as CellKey)] : []
  })
}

function carriedTo(master: string, cellKey: CellKey): NewCarriedDeny {
  return { crmContactId: master, cellKey, reason: 'merge' }
}

/**
 * Carries eMarketeer's withdrawals and Nos at the merged record's address to a master at another address. The record
 * itself may not have shown them yet.
 */
async function carryWithdrawalsOfMerged(
  tx: Transaction,
  connectionId: string,
  merged: readonly MergedRecord[],
): Promise<void> {
  await tx.query(
    `INSERT INTO carried_denies (connection_id, crm_contact_id, cell_key, reason)
      SELECT $1, m.master, c.cell_key, 'merge'
      FROM unnest($2::text[], $3::bigint[]) AS m(master, address_id)
      JOIN cells c ON c.address_id = m.address_id AND c.emarketeer_basis = 'withdrawn'
      LEFT JOIN crm_contacts r ON r.connection_id = $1 AND r.crm_contact_id = m.master
      WHERE m.master IS NOT NULL AND r.address_id IS DISTINCT FROM m.address_id
      ON CONFLICT DO NOTHING`,
    [
      connectionId,
      merged.map((m) => m.record.mergedInto),
      merged.map((m) => (m.before?.state === 'live' ? m.before.addressId : null)),
    ],
  )
}

/** Passes the denies carried by a merged record on to its master, along a chain of merges. */
async function passOn(
  tx: Transaction,
  connectionId: string,
  merged: readonly MergedRecord[],
): Promise<void> {
  for (let link = 0; link < merged.length; link += 1) {
    const passed = await tx.query(
      `INSERT INTO carried_denies (connection_id, crm_contact_id, cell_key, reason)
        SELECT $1, m.master, c.cell_key, 'merge'
        FROM unnest($2::text[], $3::text[]) AS m(loser, master)
        JOIN carried_denies c ON c.connection_id = $1 AND c.crm_contact_id = m.loser
        WHERE m.master IS NOT NULL ON CONFLICT DO NOTHING RETURNING 1`,
      [
        connectionId,
        merged.map((m) => m.record.crmContactId),
        merged.map((m) => m.record.mergedInto),
      ],
    )
    if (passed.length === 0) {
      return
    }
  }
}

/**
 * Carries eMarketeer's withdrawals and Nos at an address along with a record that leaves it. They also stay at the old
 * address. A positive basis does not move.
 */
export async function carryDeniesOfMoved(
  tx: Transaction,
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
  tx: Transaction,
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

/** Drops the carried denies that the records themselves now show. */
export async function dropCarriedDenies(
  tx: Transaction,
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
