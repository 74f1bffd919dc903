import { byKey } from '../db/by-key.js'
import type { Transaction } from '../db/database.js'
import type { ReadWindow } from '../../domain/read-window.js'
import type { StoredCrmContact, StoredCrmSubscription } from './crm-mirror-rows.js'

/** A contact as a listing shows it, with its primary address as text; it has no other addresses. */
export type ListedContact = Pick<
  StoredCrmContact,
  'crmContactId' | 'state' | 'mergedInto' | 'registeredAtMs' | 'unusableAddress' | 'consents'
> & { readonly email: string | null }

/**
 * Notes that a complete listing shows contacts exactly as the copy has them. Nearly all are the same when everything is
 * read again, and one statement by their keys shows that.
 * @returns the ids of those that are the same. The others are not touched.
 */
export async function seeContactsAgain(
  tx: Transaction,
  connectionId: string,
  listed: readonly ListedContact[],
  window: ReadWindow,
): Promise<ReadonlySet<string>> {
  const shown = listed.map((c): [string, unknown] => [
    c.crmContactId,
    [c.state, c.mergedInto, c.registeredAtMs, c.unusableAddress, c.email, c.consents],
  ])
  const rows = await tx.query<{ id: string }>(
    `UPDATE crm_contacts c SET read_from = GREATEST(read_from, $4), read_to = GREATEST(read_to, $5)
      WHERE connection_id = $1 AND crm_contact_id = ANY($2) AND NOT address_untold
        AND $3::jsonb -> crm_contact_id = jsonb_build_array(state, merged_into, registered_at_ms, unusable_address,
          (SELECT a.address FROM addresses a WHERE a.address_id = c.address_id), consents)
        AND (SELECT true FROM crm_other_addresses o
          WHERE o.connection_id = $1 AND o.crm_contact_id = c.crm_contact_id LIMIT 1) IS NULL
      RETURNING crm_contact_id AS id`,
    [connectionId, shown.map(([id]) => id), byKey(shown), window.from, window.to],
  )
  return new Set(rows.map((row) => row.id))
}

/** A subscription row as a listing shows it, with every value. */
export type ListedRow = Omit<StoredCrmSubscription, 'readFrom' | 'readTo' | 'leftWith'>

/** As {@link seeContactsAgain}, for subscription rows. */
export async function seeRowsAgain(
  tx: Transaction,
  connectionId: string,
  listed: readonly ListedRow[],
  window: ReadWindow,
): Promise<ReadonlySet<string>> {
  const shown = listed.map((r): [string, unknown] => [
    r.rowId,
    [r.crmContactId, r.categoryId, r.subscribed, r.version, r.foreign],
  ])
  const rows = await tx.query<{ id: string }>(
    `UPDATE crm_subscriptions SET read_from = GREATEST(read_from, $4), read_to = GREATEST(read_to, $5)
      WHERE connection_id = $1 AND row_id = ANY($2)
        AND $3::jsonb -> row_id = jsonb_build_array(crm_contact_id, category_id, subscribed, version, is_foreign)
      RETURNING row_id AS id`,
    [connectionId, shown.map(([id]) => id), byKey(shown), window.from, window.to],
  )
  return new Set(rows.map((row) => row.id))
}
