import type { Purpose } from '../../domain/legal-basis.js'
import { tenantBasis, tenantKeyOf } from '../../domain/tenant-basis.js'
import type { Queryable, Transaction } from '../db/database.js'

/** Equal to the index's condition, character by character, so that PostgreSQL uses the index. */
const HOLDERS = `c.state = 'live' AND (c.consents -> 'storeAndProcess' ->> 'value' LIKE 'tenant:%'
    OR c.consents -> 'marketingSendouts' ->> 'value' LIKE 'tenant:%')`

/** A legal basis that the tenant defined (C2), and how many live persons have it for each purpose. */
export interface TenantBasisCount extends Readonly<Record<Purpose, number>> {
  readonly key: string
}

/** The tenant's own bases among the persons of the copy, by key. */
export async function tenantBasesOf(
  db: Queryable,
  connectionId: string,
): Promise<TenantBasisCount[]> {
  const rows = await db.query<{ value: string } & Readonly<Record<Purpose, number>>>(
    `SELECT k.value ->> 'value' AS value,
        count(*) FILTER (WHERE k.key = 'storeAndProcess') AS "storeAndProcess",
        count(*) FILTER (WHERE k.key = 'marketingSendouts') AS "marketingSendouts"
      FROM crm_contacts c CROSS JOIN LATERAL jsonb_each(c.consents) k
      WHERE c.connection_id = $1 AND ${HOLDERS} AND k.value ->> 'value' LIKE 'tenant:%'
      GROUP BY 1 ORDER BY 1`,
    [connectionId],
  )
  return rows.map(({ value, ...counts }) => ({ key: tenantKeyOf(value) ?? '', ...counts }))
}

/** Marks everybody with one of these bases as due, because their mapping in the connection's file has changed. */
export async function markHoldersDue(
  tx: Transaction,
  connectionId: string,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) {
    return
  }
  await tx.query(
    `UPDATE addresses SET dirty_tick = nextval('ledger_tick'),
        dirty_since = COALESCE(dirty_since, clock_timestamp()), not_before = NULL
      WHERE address_id IN (SELECT c.address_id FROM crm_contacts c WHERE c.connection_id = $1 AND ${HOLDERS}
        AND (c.consents -> 'storeAndProcess' ->> 'value' = ANY($2)
          OR c.consents -> 'marketingSendouts' ->> 'value' = ANY($2)))`,
    [connectionId, keys.map(tenantBasis)],
  )
}
