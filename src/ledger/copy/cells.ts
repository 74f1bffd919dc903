import type { CellKey } from '../../domain/cell-key.js'
import type { LegalBasis } from '../../domain/legal-basis.js'
import type { CellMemory, Seen, SeenRecord } from '../../domain/reconcile/types.js'
import type { Queryable, Transaction } from '../db/database.js'

/** A CRM's value of either kind, as text. */
export type StoredValue = string

/** The version of a cell without a value of eMarketeer: any value that is read replaces it, and none has it. */
export const WITHOUT_VALUE = -1

/** A stored cell: eMarketeer's value and the rule's memory. */
export interface CellRow {
  readonly addressId: number
  readonly cellKey: CellKey
  readonly basis: LegalBasis | 'unreadable'
  readonly version: number
  readonly eventAtMs: number | null
  readonly recordedAtMs: number | null
  readonly source: string | null
  readonly actor: string | null
  readonly lastPositiveActMs: number | null
  readonly lastDenyActMs: number | null
  readonly seen: Seen<StoredValue> | null
  /** When `seen` was observed: a later move happened after this time. */
  readonly seenAtMs: number | null
  readonly openAllow: Readonly<Record<string, string>>
  readonly openLoosen: number | null
  /** See {@link CellMemory.departed}; `departures` counts all that were ever noted. */
  readonly departed: readonly SeenRecord<StoredValue>[]
  readonly departures: number
}

/**
 * A cell's `seen`. JSON's null reads like SQL's NULL, for a cell that no pass has observed, but no pass stores it: it
 * becomes a form that `isMemory` refuses.
 */
export const SEEN = `CASE WHEN seen = 'null' THEN '[]' ELSE seen END AS seen`

const COLUMNS = `address_id AS "addressId", cell_key AS "cellKey", emarketeer_basis AS basis,
  emarketeer_version AS version, extract(epoch FROM emarketeer_event_at)::float8 * 1000 AS "eventAtMs",
  extract(epoch FROM emarketeer_recorded_at)::float8 * 1000 AS "recordedAtMs", emarketeer_source AS source,
  emarketeer_actor AS actor, last_positive_act_ms AS "lastPositiveActMs", last_deny_act_ms AS "lastDenyActMs",
  ${SEEN}, extract(epoch FROM seen_at)::float8 * 1000 AS "seenAtMs", open_allow AS "openAllow", open_loosen AS "openLoosen",
  departed, departures`

/** The cells of these addresses. @param cellKeys needed cells; default: all. */
export function cellsOf(
  db: Queryable,
  addressIds: readonly number[],
  cellKeys: readonly CellKey[] | null = null,
): Promise<CellRow[]> {
  return db.query<CellRow>(
    `SELECT ${COLUMNS} FROM cells
      WHERE address_id = ANY($1) AND ($2::text[] IS NULL OR cell_key = ANY($2))`,
    [addressIds, cellKeys],
  )
}

/** The new memory of one cell. */
export interface MemoryUpdate {
  readonly addressId: number
  readonly cellKey: CellKey
  readonly memory: CellMemory<StoredValue>
  /** When it was observed; default: now. */
  readonly seenAtMs?: number | null
  /**
   * How the stored `departed` changes. `knows`: replaced, unless more departures were noted, which wait for the next
   * pass. `putsBack`: added to. Absent: unchanged.
   */
  readonly departed?: { readonly knows: number } | 'putsBack'
}

/** Stores memories in the transaction of the decision or acknowledgement. */
export async function saveMemories(
  tx: Transaction,
  updates: readonly MemoryUpdate[],
): Promise<void> {
  if (updates.length === 0) {
    return
  }
  await tx.query(
    `UPDATE cells c SET seen = u.seen, seen_at = COALESCE(to_timestamp(u.seen_ms / 1000), clock_timestamp()),
        open_allow = u.open_allow, open_loosen = u.open_loosen,
        departed = CASE WHEN u.puts_back THEN u.departed || c.departed
          WHEN c.departures = u.knows THEN u.departed ELSE c.departed END
      FROM jsonb_to_recordset($1) AS u(address_id bigint, cell_key text, seen jsonb, open_allow jsonb, open_loosen int,
        seen_ms float8, departed jsonb, puts_back boolean, knows int)
      WHERE c.address_id = u.address_id AND c.cell_key = u.cell_key`,
    [JSON.stringify(updates.map(columnsOf))],
  )
}

function columnsOf({ addressId, cellKey, memory, seenAtMs, departed }: MemoryUpdate) {
  return {
    address_id: addressId,
    cell_key: cellKey,
    seen: memory.seen,
    open_allow: memory.openAllow,
    open_loosen: memory.openLoosen,
    seen_ms: seenAtMs ?? null,
    departed: memory.departed,
    puts_back: departed === 'putsBack',
    knows: typeof departed === 'object' ? departed.knows : null,
  }
}

/**
 * Locks cells in address order until the transaction ends. The departure of a record (departed-denies.ts) is noted
 * either before, and later readings show it, or after this transaction has stored its result.
 */
export async function lockCells(
  tx: Transaction,
  cells: readonly { readonly addressId: number; readonly cellKey: CellKey }[],
): Promise<void> {
  await tx.query(
    `SELECT FROM cells WHERE (address_id, cell_key) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))
      ORDER BY address_id, cell_key FOR UPDATE`,
    [cells.map((cell) => cell.addressId), cells.map((cell) => cell.cellKey)],
  )
}

/**
 * Gives the observations of these cells an epoch that never occurs, so that they prove nothing: the next pass takes the
 * restrictive value, and departed denies stay. A rejected loosening ends this way (rule F4): nobody turns a deny into
 * an allow by hand.
 */
export async function forgetObservations(
  tx: Transaction,
  cells: readonly { readonly addressId: number; readonly cellKey: CellKey }[],
): Promise<void> {
  await tx.query(
    `UPDATE cells c SET seen = jsonb_set(c.seen, '{epoch}', '-1'), last_positive_act_ms = NULL
      FROM unnest($1::bigint[], $2::text[]) AS u(address_id, cell_key)
      WHERE c.address_id = u.address_id AND c.cell_key = u.cell_key`,
    [cells.map((c) => c.addressId), cells.map((c) => c.cellKey)],
  )
}

/** Records a deny at these cells with the present time: only a later act can be proven later. */
export async function denyNow(
  tx: Transaction,
  cells: readonly { readonly addressId: number; readonly cellKey: CellKey }[],
): Promise<void> {
  await tx.query(
    `UPDATE cells c SET last_deny_act_ms =
        GREATEST(c.last_deny_act_ms, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
      FROM unnest($1::bigint[], $2::text[]) AS u(address_id, cell_key)
      WHERE c.address_id = u.address_id AND c.cell_key = u.cell_key`,
    [cells.map((cell) => cell.addressId), cells.map((cell) => cell.cellKey)],
  )
}
