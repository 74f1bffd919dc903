import { spellingsOf } from '../../../domain/email-address.js'
import { type CallContext, watchingIds } from '../../../http/index.js'
import type { CrmContact, CrmReading, CrmReadRequest, CrmSubscription } from '../../crm.js'
import { isGuid } from '../wire/odata.js'
import { type InQuery, readByIn } from './batch-queries.js'
import type { ChangeSource } from './changes.js'
import { ADDRESS_COLUMNS, CONTACT_COLUMNS, SUBSCRIPTION_COLUMNS } from './rows.js'
import { toContact } from './to-contact.js'
import { toSubscription } from './to-subscription.js'
import { subscriptionsOf } from './to-subscriptions.js'

/** Contacts a direct read takes at most. */
export const MAX_DIRECT_READ = 1_000

/** Length of `emailaddress1`. */
const MAX_EMAIL_CHARACTERS = 100

/**
 * Reads contacts and their rows as they stand now (docs/wire-dataverse.md, 6.3). By id both come in one request; by
 * address the contacts come first, inactive ones included, several to an address where there are.
 *
 * @throws UpstreamError; RangeError for more than {@link MAX_DIRECT_READ}.
 */
export async function directRead(
  source: ChangeSource,
  request: CrmReadRequest,
  context: CallContext,
): Promise<CrmReading> {
  const asked = request.by === 'contactId' ? request.contactIds : request.emails
  if (asked.length > MAX_DIRECT_READ) {
    throw new RangeError(`at most ${MAX_DIRECT_READ} contacts are read at once`)
  }
  return request.by === 'contactId'
    ? readById(source, request.contactIds, context)
    : readByEmail(source, request.emails, context)
}

async function readById(
  source: ChangeSource,
  contactIds: readonly string[],
  context: CallContext,
): Promise<CrmReading> {
  const unique = [...new Set(contactIds.map((id) => id.toLowerCase()))]
  // What is no GUID was never a contact here, and would fail the others' query.
  const ids = unique.filter(isGuid)
  const queries = [contactQuery(['contactid'], ids), ...subscriptionQueries(source, ids)]
  const watch = watchingIds(context)
  const [contactRows = [], rows = []] = await readByIn(
    source.client,
    queries,
    'contacts.read',
    watch.context,
  )
  const contacts = contactRows.flatMap((row) => toContact(row, watch.context) ?? [])
  const found = new Set(contacts.map((contact) => contact.contactId))
  const missing = unique.filter((id) => !found.has(id))
  const unknown = watch.allRead() ? [] : missing
  return {
    contacts: [...contacts, ...unknown.flatMap((contactid) => toContact({ contactid }) ?? [])],
    subscriptions: await subscriptions(source, rows, context),
    missingContactIds: unknown.length > 0 ? [] : missing,
  }
}

async function readByEmail(
  source: ChangeSource,
  emails: readonly string[],
  context: CallContext,
): Promise<CrmReading> {
  const { client } = source
  const spellings = new Set(emails.flatMap(spellingsOf))
  const query = contactQuery(ADDRESS_COLUMNS, [...spellings].filter(canStandInDynamics))
  const [contactRows = []] = await readByIn(client, [query], 'contacts.readByEmail', context)
  const contacts = uniqueContacts(contactRows.flatMap((row) => toContact(row, context) ?? []))
  const ids = contacts.map((contact) => contact.contactId)
  const queries = subscriptionQueries(source, ids)
  const [rows = []] = await readByIn(client, queries, 'subscriptions.read', context)
  return {
    contacts,
    subscriptions: await subscriptions(source, rows, context),
    missingContactIds: [],
  }
}

/** Subscription rows by their own ids, which no column-level security hides (docs/wire-dataverse.md, 12). @throws UpstreamError */
export async function readRows(
  source: ChangeSource,
  rowIds: readonly string[],
  context: CallContext,
): Promise<readonly CrmSubscription[]> {
  const { tables, client } = source
  if (tables === null) {
    return []
  }
  const { setName, primaryId } = tables.subscriptions
  const query = {
    setName,
    select: [primaryId, ...SUBSCRIPTION_COLUMNS],
    properties: [primaryId],
    values: rowIds.filter(isGuid),
  }
  const watch = watchingIds(context)
  const [rows = []] = await readByIn(client, [query], 'subscriptions.readById', watch.context)
  const read = await subscriptions(source, rows, watch.context)
  const found = new Set(read.map(({ rowId }) => rowId))
  const unknown = watch.allRead() ? [] : query.values.filter((id) => !found.has(id.toLowerCase()))
  const untold = unknown.flatMap((id) => toSubscription({ [primaryId]: id }, primaryId, none) ?? [])
  return [...read, ...untold]
}

const none = () => null

/** Nobody has such an address here, and one of these would fail the query of all the others. */
function canStandInDynamics(email: string): boolean {
  const wellFormed = !/\p{Surrogate}/u.test(email)
  return wellFormed && email.length > 0 && email.length <= MAX_EMAIL_CHARACTERS
}

/** The service compares addresses without case, so two spellings of one address may answer the same contact. */
function uniqueContacts(contacts: readonly CrmContact[]): CrmContact[] {
  return [...new Map(contacts.map((contact) => [contact.contactId, contact])).values()]
}

function contactQuery(properties: readonly string[], values: readonly string[]): InQuery {
  return { setName: 'contacts', select: CONTACT_COLUMNS, properties, values }
}

function subscriptionQueries(source: ChangeSource, contactIds: readonly string[]): InQuery[] {
  const table = source.tables?.subscriptions
  return table === undefined
    ? []
    : [
        {
          setName: table.setName,
          select: [table.primaryId, ...SUBSCRIPTION_COLUMNS],
          properties: ['em_contact'],
          values: contactIds,
        },
      ]
}

async function subscriptions(
  source: ChangeSource,
  rows: Parameters<typeof subscriptionsOf>[0],
  context: CallContext,
) {
  const { tables, categories } = source
  return tables === null || categories === null
    ? []
    : subscriptionsOf(rows, tables.subscriptions.primaryId, categories, context)
}
