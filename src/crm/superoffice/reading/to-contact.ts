import type { CrmContact } from '../../crm.js'
import type { Person } from './person.js'
import type { Consents } from './read-consents.js'
import { UNREADABLE } from './to-consent.js'

/**
 * A person as the rest of the system knows it: it belongs to its primary address (rule C5). Where that is not told, nothing
 * that is recorded of the person says anything about an address; where only which of them it is, what is recorded is unknown
 * at each, and nothing is written.
 */
export function toContact(person: Person, consents: Consents): CrmContact {
  const told = !person.addressesUnreadable
  const [email = null, ...otherEmails] = told ? person.addresses : []
  return {
    contactId: String(person.personId),
    email,
    ...(told ? {} : { emailUnreadable: true }),
    otherEmails,
    denyOnlyEmails: [],
    state: 'live',
    mergedInto: null,
    registeredAtMs: person.registeredAtMs,
    consents:
      told && !person.primaryUnclear
        ? consents
        : { storeAndProcess: UNREADABLE, marketingSendouts: UNREADABLE },
  }
}
