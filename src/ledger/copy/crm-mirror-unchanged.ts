import type { CrmContact } from '../../crm/crm.js'
import { recordAddresses } from '../../domain/record-addresses.js'
import { sameConsents } from './crm-mirror-compare.js'
import { isPartlyTold } from './crm-mirror-others.js'
import type { StoredCrmContact } from './crm-mirror-rows.js'
import type { Queryable } from '../db/database.js'

/** A stored contact by what an outside reading says of it: addresses as text. */
interface KnownContact extends Pick<
  StoredCrmContact,
  'crmContactId' | 'state' | 'mergedInto' | 'consents' | 'unusableAddress' | 'addressUntold'
> {
  readonly email: string | null
  readonly further: readonly string[] | null
  readonly denyOnly: readonly string[] | null
}

/**
 * Those of the contacts of which our copy says something else, or nothing. Nearly every direct reading of a sendout says
 * what is known: that is found here in one statement, without locks and without making anything. A copy that moves
 * meanwhile is as if it moved right after.
 */
export async function changedContacts(
  db: Queryable,
  connectionId: string,
  contacts: readonly CrmContact[],
): Promise<readonly CrmContact[]> {
  if (contacts.length === 0) {
    return []
  }
  const rows = await db.query<KnownContact>(
    `SELECT c.crm_contact_id AS "crmContactId", c.state, c.merged_into AS "mergedInto", c.consents,
        c.unusable_address AS "unusableAddress", c.address_untold AS "addressUntold", a.address AS email, o.further, o."denyOnly"
      FROM crm_contacts c LEFT JOIN addresses a USING (address_id)
        LEFT JOIN LATERAL (SELECT array_agg(b.address) FILTER (WHERE NOT l.deny_only) AS further,
            array_agg(b.address) FILTER (WHERE l.deny_only) AS "denyOnly"
          FROM crm_other_addresses l JOIN addresses b USING (address_id)
          WHERE l.connection_id = c.connection_id AND l.crm_contact_id = c.crm_contact_id) o ON true
      WHERE c.connection_id = $1 AND c.crm_contact_id = ANY($2)`,
    [connectionId, contacts.map((contact) => contact.contactId)],
  )
  const known = new Map(rows.map((row) => [row.crmContactId, row]))
  return contacts.filter((contact) => {
    const before = known.get(contact.contactId)
    return before === undefined || !saysTheSame(contact, before)
  })
}

function saysTheSame(contact: CrmContact, before: KnownContact): boolean {
  return (
    contact.state === before.state &&
    contact.mergedInto === before.mergedInto &&
    sameConsents(contact.consents, before.consents) &&
    (contact.emailUnreadable ?? false) === before.addressUntold &&
    sameAddresses(contact, before)
  )
}

/** Others as `otherLinks` keeps them: none of a record that is not live. */
function sameAddresses(contact: CrmContact, before: KnownContact): boolean {
  const { home, unusable, further, denyOnly } = recordAddresses(contact)
  const isLive = contact.state === 'live'
  const [toldFurther, toldDenyOnly] = isLive ? [further, denyOnly] : [[], []]
  const sameOthers = isPartlyTold(contact) ? includesAll : sameSet
  return (
    (contact.emailUnreadable === true ||
      (home === before.email && unusable === before.unusableAddress)) &&
    sameOthers(toldFurther, before.further ?? []) &&
    sameOthers(toldDenyOnly, before.denyOnly ?? [])
  )
}

function includesAll(now: readonly string[], before: readonly string[]): boolean {
  return now.every((key) => before.includes(key))
}

function sameSet(now: readonly string[], before: readonly string[]): boolean {
  return now.length === before.length && includesAll(now, before)
}
