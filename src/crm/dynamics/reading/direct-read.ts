import { spellingsOf } from '../../../domain/email-address.js'
import { type CallContext, watchingIds } from '../../../http/index.js'
import {
  type CrmContact,
  type CrmReading,
  type CrmReadRequest,
  type CrmSubscription,
  UNKNOWN_CONTACT,
} from '../../crm.js'
import { isGuid } from '../wire/odata.js'
import { type InQuery, readByIn } from './batch-queries.js'
import { halvesOf } from '../../../domain/lists.js'
import type { DataverseClient } from '../client.js'
import type { ChangeSource } from './changes.js'
import {
  ADDRESS_COLUMNS,
  CONTACT_COLUMNS,
  isReadable,
  type RawRow,
  SUBSCRIPTION_COLUMNS,
} from './rows.js'
import { toContact } from './to-contact.js'
import { isUnknownRow, toSubscription, unknownRowOf } from './to-subscription.js'
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
  const allRowsRead = watch.allRead()
  const contacts = contactRows.flatMap((row) => toContact(row, watch.context) ?? [])
  const found = new Set(contacts.map((contact) => contact.contactId))
  const missing = unique.filter((id) => !found.has(id))
  const unknown = watch.allRead() ? [] : missing
  return {
    contacts: [...contacts, ...unknown.flatMap((contactid) => toContact({ contactid }) ?? [])],
    subscriptions: await subscriptionsAsked(source, { rows, ids, allRowsRead }, context),
    missingContactIds: unknown.length > 0 ? [] : missing,
  }
}

async function readByEmail(
  source: ChangeSource,
  emails: readonly string[],
  context: CallContext,
): Promise<CrmReading> {
  const { client } = source
  const first = await rowsAt(client, emails, context)
  const { rows: answered, unknownEmails, placesOf } = await locate(client, emails, first, context)
  const contacts = uniqueContacts(answered.flatMap((row) => toContact(row, context) ?? [])).map(
    (contact) => {
      const { contactId, denyOnlyEmails } = contact
      const places = placesOf.get(contactId) ?? []
      return { ...contact, denyOnlyEmails: [...denyOnlyEmails, ...places] }
    },
  )
  const ids = contacts.map((contact) => contact.contactId)
  const queries = subscriptionQueries(source, ids)
  const watch = watchingIds(context)
  const [rows = []] = await readByIn(client, queries, 'subscriptions.read', watch.context)
  return {
    contacts,
    subscriptions: await subscriptionsAsked(
      source,
      { rows, ids, allRowsRead: watch.allRead() },
      context,
    ),
    missingContactIds: [],
    ...(unknownEmails.length > 0 ? { unknownEmails } : {}),
  }
}

/** What is answered for addresses. */
interface RowsAt {
  readonly rows: readonly RawRow[]
  /** Whether each of them was a row at all. */
  readonly isWhole: boolean
}

async function rowsAt(
  client: DataverseClient,
  emails: readonly string[],
  context: CallContext,
): Promise<RowsAt> {
  const spellings = new Set(emails.flatMap(spellingsOf))
  const query = contactQuery(ADDRESS_COLUMNS, [...spellings].filter(canStandInDynamics))
  const watch = watchingIds(context)
  const [rows = []] = await readByIn(client, [query], 'contacts.readByEmail', watch.context)
  return { rows, isWhole: watch.allRead() }
}

/** Splits for one reading: enough for two odd rows among a thousand addresses. */
const MOST_SPLITS = 24

/** So many rows are no oddity of theirs: a column is closed. */
const MOST_ASTRAY = 8

/**
 * By which address rows were found that do not tell their addresses, or not whose they are: they are asked for in halves, until
 * it is one. A contact counts there as what it is; of whom nobody knows who it is, and where such rows are many, the
 * addresses are `unknownEmails`.
 *
 * @returns every row that was answered on the way, the last answer of each last: what one answer hid the next may tell.
 */
async function locate(
  client: DataverseClient,
  emails: readonly string[],
  first: RowsAt,
  context: CallContext,
): Promise<{
  readonly rows: readonly RawRow[]
  readonly unknownEmails: readonly string[]
  readonly placesOf: ReadonlyMap<string, readonly string[]>
}> {
  const all: RawRow[] = []
  const unknownEmails: string[] = []
  const placesOf = new Map<string, readonly string[]>()
  // Told already, of the first reading.
  const quietly = { ...context, onUnreadable: undefined }
  let splits = 0
  // The widest first: so that few odd rows leave few addresses unknown once there are no splits left.
  const answers: (RowsAt & { readonly values: readonly string[] })[] = [
    { values: emails, ...first },
  ]
  for (const { values, rows, isWhole } of answers) {
    all.push(...rows)
    const astray = rows.filter((row) => !hasIdAndAddresses(row))
    if (astray.length === 0 && isWhole) {
      continue
    }
    const ids = astray.flatMap((row) => toContact(row)?.contactId ?? [])
    const isLocated = values.length === 1 && isWhole && ids.length === astray.length
    if (isLocated) {
      ids.forEach((id) => placesOf.set(id, [...(placesOf.get(id) ?? []), ...values]))
    } else if (values.length === 1 || splits === MOST_SPLITS || astray.length > MOST_ASTRAY) {
      unknownEmails.push(...values)
    } else {
      splits += 1
      for (const half of halvesOf(values)) {
        answers.push({ values: half, ...(await rowsAt(client, half, quietly)) })
      }
    }
  }
  return { rows: all, unknownEmails, placesOf }
}

function hasIdAndAddresses(row: RawRow): boolean {
  return isGuid(row['contactid']) && ADDRESS_COLUMNS.every((column) => isReadable(row, column))
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
  const absent = unknown.map((id) =>
    toSubscription({ [primaryId]: id }, tables.subscriptions, none),
  )
  return [...read.filter((row) => !isUnknownRow(row)), ...absent]
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

/** Rows of contacts that were asked for. One of which nobody knows whose it is may be any's: then all of them are unknown. */
async function subscriptionsAsked(
  source: ChangeSource,
  asked: {
    readonly rows: readonly RawRow[]
    readonly ids: readonly string[]
    readonly allRowsRead: boolean
  },
  context: CallContext,
): Promise<readonly CrmSubscription[]> {
  const read = await subscriptions(source, asked.rows, context)
  const isNobodys = (row: CrmSubscription) => isUnknownRow(row) && row.contactId === UNKNOWN_CONTACT
  const inDoubt = asked.allRowsRead && !read.some(isNobodys) ? [] : asked.ids
  return [...read.filter((row) => !isNobodys(row)), ...inDoubt.map(unknownRowOf)]
}

async function subscriptions(
  { tables, categories }: ChangeSource,
  rows: readonly RawRow[],
  context: CallContext,
): Promise<readonly CrmSubscription[]> {
  return tables === null || categories === null
    ? []
    : subscriptionsOf(rows, tables.subscriptions, categories, context)
}
