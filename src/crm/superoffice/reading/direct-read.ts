import type { CallContext } from '../../../http/index.js'
import type { CrmContact, CrmReading, CrmReadRequest } from '../../crm.js'
import { type ReadSource, readConsents } from './read-consents.js'
import { personsAt, readPersons } from './read-persons.js'
import { toContact } from './to-contact.js'

/** Contacts a direct read takes at most. */
const MAX_DIRECT_READ = 1_000

/** Ids are 32-bit numbers. */
const MAX_ID = 2 ** 31 - 1

/**
 * Reads persons as they stand now, with all their addresses and both consents (docs/wire-superoffice.md, 6.3). By
 * address everybody is read who has it, be it as a further one; who does not tell its addresses counts as a deny at those by
 * which it was found. A person in the bin is missing.
 *
 * @throws UpstreamError, AppError; RangeError for more than {@link MAX_DIRECT_READ}.
 */
export async function directRead(
  source: ReadSource,
  request: CrmReadRequest,
  context: CallContext,
): Promise<CrmReading> {
  const asked = request.by === 'contactId' ? request.contactIds : request.emails
  if (asked.length > MAX_DIRECT_READ) {
    throw new RangeError(`at most ${MAX_DIRECT_READ} contacts are read at once`)
  }
  if (request.by === 'contactId') {
    const unique = [...new Set(request.contactIds)]
    // What is no number was never a person here, and would fail the others' query.
    const contacts = await readContacts(source, unique.flatMap(toPersonId), context)
    const found = new Set(contacts.map((contact) => contact.contactId))
    const missingContactIds = unique.filter((id) => !found.has(id))
    return { contacts, subscriptions: [], missingContactIds }
  }
  const emails = [...new Set(request.emails.filter((email) => email.trim() !== ''))]
  const { emailsOf, untold } = await personsAt(source.installation.archive, emails, context)
  const contacts = (await readContacts(source, [...emailsOf.keys()], context)).map((contact) =>
    contact.emailUnreadable
      ? { ...contact, denyOnlyEmails: emailsOf.get(Number(contact.contactId)) ?? [] }
      : contact,
  )
  return {
    contacts,
    subscriptions: [],
    missingContactIds: [],
    ...(untold.length > 0 ? { untoldEmails: untold } : {}),
  }
}

/** Complete contacts of persons; whoever is not there is not in the result. @throws UpstreamError, AppError */
export async function readContacts(
  source: ReadSource,
  personIds: readonly number[],
  context: CallContext,
): Promise<readonly CrmContact[]> {
  // Persons first: a consent read before its person is older than what is said of the person.
  const persons = await readPersons(source.installation.archive, personIds, context)
  const ids = persons.map((person) => person.personId)
  const consents = await readConsents(source, ids, 'consents.read', context)
  return persons.flatMap((person) => {
    const own = consents.get(person.personId)
    return own === undefined ? [] : [toContact(person, own)]
  })
}

/** A person's id; none for what cannot be one. */
export function toPersonId(contactId: string): number[] {
  const id = /^[1-9]\d{0,9}$/.test(contactId) ? Number(contactId) : MAX_ID + 1
  return id <= MAX_ID ? [id] : []
}
