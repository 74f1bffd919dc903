import type { Purpose } from '../../domain/legal-basis.js'
import type { Queryable } from '../db/database.js'

/**
 * Live CRM records at an address, as the primary one or a further one, of which some are withdrawn and others are not: a
 * duplicate disagreement (C5). Nothing loosens the withdrawn one, the address is not mailed, and a person has to decide.
 */
export interface Disagreement {
  readonly addressId: number
  readonly purpose: Purpose
  readonly withdrawn: number
  readonly others: number
}

const DISAGREEMENTS = `SELECT p.address_id AS "addressId", k.purpose,
    count(*) FILTER (WHERE k.value = 'withdrawn') AS withdrawn, count(*) FILTER (WHERE k.value <> 'withdrawn') AS others
  FROM (SELECT address_id, crm_contact_id FROM crm_contacts WHERE connection_id = $1 AND address_id IS NOT NULL
      UNION ALL SELECT address_id, crm_contact_id FROM crm_other_addresses WHERE connection_id = $1 AND NOT deny_only) p
  JOIN crm_contacts c ON c.connection_id = $1 AND c.crm_contact_id = p.crm_contact_id AND c.state = 'live'
  CROSS JOIN LATERAL (SELECT key AS purpose, value->>'value' AS value FROM jsonb_each(c.consents)) k
  WHERE $2::bigint IS NULL OR p.address_id = $2
  GROUP BY 1, 2
  HAVING bool_or(k.value = 'withdrawn') AND bool_or(k.value <> 'withdrawn')`

/** How many addresses of a connection have a disagreement. Reads every record: for `connection show`, not for a pass. */
export async function countDisagreements(db: Queryable, connectionId: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT count(DISTINCT "addressId") AS count FROM (${DISAGREEMENTS}) d`,
    [connectionId, null],
  )
  return row?.count ?? 0
}

/** Disagreements at one address, by purpose. */
export function disagreementsAt(
  db: Queryable,
  connectionId: string,
  addressId: number,
): Promise<Disagreement[]> {
  return db.query<Disagreement>(`${DISAGREEMENTS} ORDER BY 2`, [connectionId, addressId])
}
