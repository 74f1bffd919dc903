import type { StoredCrmContact } from './crm-mirror-rows.js'
import type { Queryable } from '../db/database.js'

/** A stored contact in the form of an outside reading, with addresses as text. */
export interface KnownCrmContact extends Pick<
  StoredCrmContact,
  'crmContactId' | 'state' | 'mergedInto' | 'consents' | 'unusableAddress' | 'addressHidden'
> {
  readonly email: string | null
  readonly secondary: readonly string[] | null
  readonly denyOnly: readonly string[] | null
}

/** These contacts as the copy holds them, read without locks. Unknown ones are left out. */
export function knownCrmContacts(
  db: Queryable,
  connectionId: string,
  ids: readonly string[],
): Promise<KnownCrmContact[]> {
  return db.query<KnownCrmContact>(
    `SELECT c.crm_contact_id AS "crmContactId", c.state, c.merged_into AS "mergedInto", c.consents,
        c.unusable_address AS "unusableAddress", c.address_untold AS "addressHidden", a.address AS email, o.secondary, o."denyOnly"
      FROM crm_contacts c LEFT JOIN addresses a USING (address_id)
        LEFT JOIN LATERAL (SELECT array_agg(b.address) FILTER (WHERE NOT l.deny_only) AS secondary,
            array_agg(b.address) FILTER (WHERE l.deny_only) AS "denyOnly"
          FROM crm_other_addresses l JOIN addresses b USING (address_id)
          WHERE l.connection_id = c.connection_id AND l.crm_contact_id = c.crm_contact_id) o ON true
      WHERE c.connection_id = $1 AND c.crm_contact_id = ANY($2)`,
    [connectionId, ids],
  )
}
