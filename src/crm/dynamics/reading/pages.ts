import type { CallContext } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { ownLink } from '../wire/links.js'
import { queryString } from '../wire/odata.js'
import { lostAnswer } from '../wire/part-error.js'
import { type RawRow, rowPage, type RowPage } from './rows.js'

/** Largest page the service gives. The preference must be repeated with every next link. */
export const PAGE_SIZE = 5_000

/** Preference for the page size. */
export const PAGE_PREFERENCE = `odata.maxpagesize=${PAGE_SIZE}`

/** A listing. */
export interface Listing {
  readonly setName: string
  readonly select: readonly string[]
  readonly filter?: string
  /** For the tally. */
  readonly name: string
  /** Further preferences of the first request. */
  readonly prefer?: string
}

/** Follows next links, verbatim, from the first page on; pages come one at a time. @throws UpstreamError */
export async function* pagesFrom(
  client: DataverseClient,
  firstPath: string,
  listing: Pick<Listing, 'setName' | 'name' | 'prefer'>,
  context: CallContext,
): AsyncGenerator<RowPage> {
  const operation = `GET /${listing.setName}`
  const seen = new Set<string>()
  let path = firstPath
  let prefer =
    listing.prefer === undefined ? PAGE_PREFERENCE : `${listing.prefer},${PAGE_PREFERENCE}`
  for (;;) {
    const { body } = await client.json(
      { method: 'GET', path, operation, name: listing.name, effect: 'read', headers: { prefer } },
      rowPage,
      context,
    )
    yield body
    const next = body['@odata.nextLink']
    if (next === undefined) {
      return
    }
    if (seen.has(next)) {
      throw lostAnswer(operation, 'read', 'a page points to itself')
    }
    seen.add(next)
    path = ownLink(client.environmentUrl, next, operation)
    prefer = PAGE_PREFERENCE
  }
}

/** Every row of a small listing. @throws UpstreamError */
export async function allRows(
  client: DataverseClient,
  listing: Listing,
  context: CallContext,
): Promise<RawRow[]> {
  const rows: RawRow[] = []
  const query = queryString({
    select: listing.select,
    ...(listing.filter === undefined ? {} : { filter: listing.filter }),
  })
  for await (const page of pagesFrom(client, listing.setName + query, listing, context)) {
    rows.push(...page.value)
  }
  return rows
}
