import { type CallContext, UpstreamError, watchingIds } from '../../../http/index.js'
import { type CrmChangePage, CrmCursorExpired } from '../../crm.js'
import { UNKNOWN_CONTACT } from '../../../domain/hidden-ids.js'
import type { DataverseClient } from '../client.js'
import type { SubscriptionTables } from '../facts.js'
import { EXPIRED_VERSION_STAMP, INVALID_QUERY, lostAnswer } from '../wire/errors.js'
import { ownLink } from '../wire/links.js'
import { queryString } from '../wire/odata.js'
import type { CategoryMap } from './category-map.js'
import { writeCursor, readCursor } from './cursor.js'
import { pagesFrom } from './pages.js'
import { CONTACT_COLUMNS, type RawRow, type RowPage, SUBSCRIPTION_COLUMNS } from './rows.js'
import { addressesIn, hasAllAddresses, toContact } from './to-contact.js'
import { isUnknownRow, subscriptionsOf } from './to-subscription.js'

/** Dependencies of a reading. `tables` null: set-up has not created them, so only contacts are read. */
export interface ChangeSource {
  readonly client: DataverseClient
  readonly tables: SubscriptionTables | null
  readonly categories: CategoryMap | null
}

const EMPTY_PAGE = {
  contacts: [],
  subscriptions: [],
  deletedContactIds: [],
  deletedSubscriptionRowIds: [],
  nextCursor: null,
}

/**
 * Everything that changed since the cursor, contacts first (docs/wire-dataverse.md, 7 and 16.8). A table that the
 * cursor does not cover yet is listed completely. Only the last page has the next cursor.
 * @throws CrmCursorExpired, UpstreamError
 */
export async function* readChanges(
  source: ChangeSource,
  stored: string | null,
  context: CallContext,
): AsyncGenerator<CrmChangePage> {
  const { client, tables, categories } = source
  const cursor = stored === null ? null : readCursor(stored, client.environmentUrl)
  const contacts = new Tracked(client, 'contacts', CONTACT_COLUMNS, cursor?.contacts ?? null)
  for await (const page of contacts.pages(context)) {
    const { live, deletedIds } = separate(page.value)
    const read = live.map((row) => toContact(row, context))
    const unread = live.filter((_, at) => read[at] === null)
    yield {
      ...EMPTY_PAGE,
      contacts: read.filter((contact) => contact !== null),
      deletedContactIds: deletedIds,
      baseline: contacts.baseline,
      ...(unread.length > 0 ? { unknownEmails: unread.flatMap(addressesIn) } : {}),
      // After a listing, the sync reads each known record that it did not contain. A new record counts only by its
      // addresses.
      unattributed:
        page.unattributed || unread.some((row) => !contacts.baseline || !hasAllAddresses(row)),
    }
  }
  let subscriptionsLink: string | null = null
  if (tables !== null && categories !== null) {
    const { setName, primaryId } = tables.subscriptions
    const columns = [primaryId, ...SUBSCRIPTION_COLUMNS]
    const rows = new Tracked(client, setName, columns, cursor?.subscriptions ?? null)
    for await (const page of rows.pages(context)) {
      const { live, deletedIds } = separate(page.value)
      const subscriptions = await subscriptionsOf(live, tables.subscriptions, categories, context)
      const unknown = subscriptions.filter(isUnknownRow)
      yield {
        ...EMPTY_PAGE,
        // Only a listing would find such a row again, and until then it would count for anybody.
        subscriptions: rows.baseline
          ? subscriptions
          : subscriptions.filter(
              (row) => !(isUnknownRow(row) && row.contactId === UNKNOWN_CONTACT),
            ),
        unattributed:
          page.unattributed ||
          unknown.some((row) => !rows.baseline || row.contactId === UNKNOWN_CONTACT),
        deletedSubscriptionRowIds: deletedIds,
        baseline: rows.baseline,
      }
    }
    subscriptionsLink = rows.deltaLink
  }
  const nextCursor = writeCursor({ contacts: contacts.deltaLink, subscriptions: subscriptionsLink })
  yield { ...EMPTY_PAGE, baseline: contacts.baseline, nextCursor }
}

/** One tracked table: its pages, and the delta link of the last one. */
class Tracked {
  #deltaLink: string | null = null

  constructor(
    private readonly client: DataverseClient,
    private readonly setName: string,
    private readonly select: readonly string[],
    private readonly since: string | null,
  ) {}

  get baseline(): boolean {
    return this.since === null
  }

  /** Only after the last page. */
  get deltaLink(): string {
    if (this.#deltaLink === null) {
      throw lostAnswer(`GET /${this.setName}`, 'read', 'the last page has no delta link')
    }
    return this.#deltaLink
  }

  /** Each page, and whether it or an earlier one has an entry that is not a row: it may be anybody's. */
  async *pages(given: CallContext): AsyncGenerator<RowPage & { readonly unattributed: boolean }> {
    const { context, allRead } = watchingIds(given)
    const path = this.since ?? this.setName + queryString({ select: this.select })
    const listing = { setName: this.setName, name: `${this.baseline ? 'baseline' : 'delta'}.read` }
    const how = this.baseline ? { prefer: 'odata.track-changes' } : { isDelta: true }
    try {
      for await (const page of pagesFrom(this.client, path, { ...listing, ...how }, context)) {
        if ((page['@odata.nextLink'] ?? null) === null) {
          // A quiet delta may have no link. The old one reads the later changes again.
          const link = page['@odata.deltaLink'] ?? this.since
          this.#deltaLink =
            link === null ? null : ownLink(this.client.environmentUrl, link, `GET /${this.setName}`)
        }
        yield { ...page, unattributed: !allRead() }
      }
    } catch (error) {
      throw this.baseline ? error : expiredOr(error)
    }
  }
}

/**
 * The status for an outdated link is not documented: every 4xx except those about rights and limits means to start
 * again, and so do the codes that say so with any status.
 */
function expiredOr(error: unknown): unknown {
  if (error instanceof UpstreamError && error.status !== null) {
    const { status, upstreamCode } = error
    const isRefused =
      status >= 400 && status < 500 && status !== 401 && status !== 403 && status !== 429
    if (isRefused || upstreamCode === EXPIRED_VERSION_STAMP || upstreamCode === INVALID_QUERY) {
      return new CrmCursorExpired('Dataverse no longer knows the change token', { cause: error })
    }
  }
  return error
}

/** Deleted rows have only an id and a reason. */
function separate(rows: readonly RawRow[]): { live: RawRow[]; deletedIds: string[] } {
  const live: RawRow[] = []
  const deletedIds: string[] = []
  for (const row of rows) {
    const { id, reason } = row
    if (typeof id === 'string' && reason === 'deleted') {
      deletedIds.push(id.toLowerCase())
    } else {
      live.push(row)
    }
  }
  return { live, deletedIds }
}
