import type { CrmContact } from '../../crm.js'
import type { Person } from './person.js'
import type { Consents } from './read-consents.js'

/** A person as the rest of the system knows it: it belongs to its primary address (rule C5). */
export function toContact(person: Person, consents: Consents): CrmContact {
  const [email = null, ...otherEmails] = person.addresses
  return {
    contactId: String(person.personId),
    email,
    otherEmails,
    state: 'live',
    mergedInto: null,
    registeredAtMs: person.registeredAtMs,
    consents,
  }
}
