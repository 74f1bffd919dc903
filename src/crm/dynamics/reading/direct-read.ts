import { spellingsOf } from '../../../domain/email-address.js'
import { type CallContext, watchingIds } from '../../../http/index.js'
import type { CrmContact, CrmReading, CrmReadRequest, CrmSubscription } from '../../crm.js'
import { UNKNOWN_CONTACT } from '../../../domain/hidden-ids.js'
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
import { isUnknownRow, toSubscription, unknownRowOf, subscriptionsOf } from './to-subscription.js'

/** Most contacts of a direct read. */
export const MAX_DIRECT_READ = 1_000

/** Length of `emailaddress1`. */
const MAX_EMAIL_CHARACTERS = 100

/**
 * Reads contacts and their rows as they are now (docs/wire-dataverse.md, 6.3). A read by id takes one request for both.
 * A read by address reads the contacts first: inactive ones too, and all that share an address.
 * @throws UpstreamError; RangeError for more than {@link MAX_DIRECT_READ}.
 */
export async function directRead(
  source: ChangeSource,
  request: CrmReadRequest,
  context: CallContext,
): Promise<CrmReading> {
  const asked = request.by === 'contactId' ? request.contactIds : request.emails
  if (asked.length > MAX_DIRECT_READ) {
    throw new RangeError(`at most ${MAX_DIRECT_READ} contacts are read in one call`)
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
  // Only a GUID can be a contact here; anything else would fail the query of the others.
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

/** The answer for some addresses. */
interface RowsAt {
  readonly rows: readonly RawRow[]
  /** Whether every entry was a row. */
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

/** Most splits of one reading: enough for two odd rows among a thousand addresses. */
const MOST_SPLITS = 24

/** More odd rows than this mean a closed column. */
const MOST_ASTRAY = 8

/**
 * Finds by which address a row was found that hides its addresses or its id: the addresses are read in halves until one
 * is left. A contact with an id then counts at that address. If the id is hidden, or such rows are many, the addresses
 * are `unknownEmails`.
 * @returns every row of every answer, the latest answer last: it may contain what an earlier one hid.
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
  // The first reading has reported them.
  const quietly = { ...context, onUnreadable: undefined }
  let splits = 0
  // Widest first: few odd rows then leave few addresses unknown when no splits remain.
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

/**
 * Subscription rows by their own ids, which no column-level security hides (docs/wire-dataverse.md, 12). @throws
 * UpstreamError
 */
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

/** Nobody has any other address here, and it would fail the query of all the others. */
function canStandInDynamics(email: string): boolean {
  const wellFormed = !/\p{Surrogate}/u.test(email)
  return wellFormed && email.length > 0 && email.length <= MAX_EMAIL_CHARACTERS
}

/** The service compares addresses without case, so two spellings of one address may find the same contact. */
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

/** Rows of the requested contacts. A row without an owner may be anybody's, so then all contacts are unknown. */
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
