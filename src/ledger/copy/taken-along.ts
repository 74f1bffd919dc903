import type { CellKey } from '../../domain/cell-key.js'
import type { LeftWith } from '../../domain/reconcile/types.js'
import type { StoredValue } from './cells.js'
import type { Transaction } from '../db/database.js'

/** The observations that a record takes along from the cell that it leaves, until a pass observes the record again. */
export interface Taken extends LeftWith<StoredValue> {
  readonly of: 'contact' | 'row'
  readonly cellKey: CellKey
  readonly from: number
}

/** {@link Taken} as stored. */
export interface StoredLeftWith extends LeftWith<StoredValue> {
  readonly from: number
  readonly tick: number
}

/** The tick distinguishes one departure from an earlier one that a pass may have loaded. */
const MARKED = `u.taken || jsonb_build_object('tick', nextval('ledger_tick'))`

/** Notes what records took along. `putsBack`: a record that has left again keeps the newer entry. */
export async function saveTaken(
  tx: Transaction,
  connectionId: string,
  taken: readonly Taken[],
  { putsBack = false }: { readonly putsBack?: boolean } = {},
): Promise<void> {
  const contacts = taken.filter(({ of }) => of === 'contact')
  const rows = taken.filter(({ of }) => of === 'row')
  for (const cellKey of new Set(contacts.map((one) => one.cellKey))) {
    const own = contacts.filter((one) => one.cellKey === cellKey)
    await tx.query(
      `UPDATE crm_contacts c SET left_with = COALESCE(c.left_with, '{}') || jsonb_build_object($2::text, ${MARKED})
        FROM unnest($3::text[], $4::jsonb[]) AS u(id, taken)
        WHERE c.connection_id = $1 AND c.crm_contact_id = u.id AND NOT ($5 AND COALESCE(c.left_with ? $2, false))`,
      [connectionId, cellKey, ...columns(own), putsBack],
    )
  }
  if (rows.length > 0) {
    await tx.query(
      `UPDATE crm_subscriptions s SET left_with = ${MARKED} FROM unnest($2::text[], $3::jsonb[]) AS u(id, taken)
        WHERE s.connection_id = $1 AND s.row_id = u.id AND NOT ($4 AND s.left_with IS NOT NULL)`,
      [connectionId, ...columns(rows), putsBack],
    )
  }
}

/** Drops what records took along, after a pass has observed them. */
export async function dropTaken(
  tx: Transaction,
  connectionId: string,
  taken: readonly Taken[],
): Promise<void> {
  const contacts = taken.filter(({ of }) => of === 'contact')
  const rows = taken.filter(({ of }) => of === 'row')
  for (const cellKey of new Set(contacts.map((one) => one.cellKey))) {
    const own = contacts.filter((one) => one.cellKey === cellKey)
    await tx.query(
      `UPDATE crm_contacts c SET left_with = NULLIF(c.left_with - $2::text, '{}')
        FROM unnest($3::text[], $4::jsonb[]) AS u(id, taken)
        WHERE c.connection_id = $1 AND c.crm_contact_id = u.id AND c.left_with -> $2 = u.taken`,
      [connectionId, cellKey, ...columns(own)],
    )
  }
  if (rows.length > 0) {
    await tx.query(
      `UPDATE crm_subscriptions s SET left_with = NULL FROM unnest($2::text[], $3::jsonb[]) AS u(id, taken)
        WHERE s.connection_id = $1 AND s.row_id = u.id AND s.left_with = u.taken`,
      [connectionId, ...columns(rows)],
    )
  }
}

function columns(taken: readonly Taken[]): readonly [readonly string[], readonly string[]] {
  return [
    taken.map(({ seen }) => seen.recordId),
    taken.map(({ of: _, cellKey: __, ...own }) => JSON.stringify(own)),
  ]
}
