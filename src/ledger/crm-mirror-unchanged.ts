import type { CrmContact } from '../crm/crm.js'
import { addressKey } from '../domain/email-address.js'
import { sameConsents } from './crm-mirror-compare.js'
import type { StoredCrmContact } from './crm-mirror-rows.js'
import type { Queryable } from './database.js'

/** A stored contact by what an outside reading says of it: addresses as text. */
interface KnownContact extends Pick<
  StoredCrmContact,
  'crmContactId' | 'state' | 'mergedInto' | 'consents'
> {
  readonly email: string | null
  readonly otherEmails: readonly string[] | null
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
    `SELECT c.crm_contact_id AS "crmContactId", c.state, c.merged_into AS "mergedInto", c.consents, a.address AS email,
        (SELECT array_agg(b.address) FROM crm_other_addresses o JOIN addresses b USING (address_id)
          WHERE o.connection_id = c.connection_id AND o.crm_contact_id = c.crm_contact_id) AS "otherEmails"
      FROM crm_contacts c LEFT JOIN addresses a USING (address_id)
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
  const email = addressKey(contact.email)
  return (
    contact.state === before.state &&
    contact.mergedInto === before.mergedInto &&
    sameConsents(contact.consents, before.consents) &&
    (contact.emailUnreadable === true ||
      (email === before.email && sameOthers(contact, email, before.otherEmails ?? [])))
  )
}

/** As `furtherAddresses` keeps them: none of a record that is not live, and never its primary one. */
function sameOthers(contact: CrmContact, email: string | null, before: readonly string[]): boolean {
  if (contact.state !== 'live' || contact.otherEmails.length === 0) {
    return before.length === 0
  }
  const others = new Set(contact.otherEmails.map(addressKey))
  others.delete(null)
  others.delete(email)
  return others.size === before.length && before.every((address) => others.has(address))
}
