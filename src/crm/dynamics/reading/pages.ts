import type { z } from 'zod'
import { type CallContext, FittingPages, PAGE_ANSWER, readRecords } from '../../../http/index.js'
import { readJson } from '../../../http/read-json.js'
import type { DataverseClient, DataverseRequest } from '../client.js'
import { ownLink } from '../wire/links.js'
import { queryString } from '../wire/odata.js'
import { unusableAnswer } from '../wire/errors.js'
import { anyRow, deltaPage, type RawRow, rowPage, type RowPage } from './rows.js'

/** The service's largest page. Every next link must repeat the preference. */
export const PAGE_SIZE = 5_000

/** Preference for the page size. */
export const PAGE_PREFERENCE = preferenceOf(PAGE_SIZE)

function preferenceOf(rows: number): string {
  return `odata.maxpagesize=${rows}`
}

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

/**
 * Follows next links verbatim from the first page; yields pages one at a time, none twice, and requests shorter ones if
 * they are too large.
 * @throws UpstreamError; `upstream_unexpected_answer` if a link leads back to an earlier page, or the links do not end.
 */
export async function* pagesFrom(
  client: DataverseClient,
  firstPath: string,
  listing: Pick<Listing, 'setName' | 'name' | 'prefer'> & { readonly isDelta?: boolean },
  context: CallContext,
): AsyncGenerator<RowPage> {
  const operation = `GET /${listing.setName}`
  const pages = new FittingPages('dynamics', PAGE_SIZE)
  pages.follow(firstPath, operation)
  let path = firstPath
  let prefix = listing.prefer === undefined ? '' : `${listing.prefer},`
  const read = { method: 'GET', operation, name: listing.name, effect: 'read' } as const
  for (;;) {
    const from = { ...read, path }
    const before = prefix
    const page = await pages.read(async (rows) => {
      const request = { ...from, headers: { prefer: before + preferenceOf(rows) } }
      return listing.isDelta
        ? readDeltaPage(client, request, context)
        : (await client.json(request, rowPage, context)).body
    })
    yield { ...page, value: readRecords({ ...anyRow, operation }, page.value, context) }
    const next = page['@odata.nextLink'] ?? null
    if (next === null) {
      return
    }
    pages.follow(next, operation)
    path = ownLink(client.environmentUrl, next, operation)
    prefix = ''
  }
}

/** A service may send an empty delta without any body. */
async function readDeltaPage(
  client: DataverseClient,
  request: DataverseRequest,
  context: CallContext,
): Promise<z.output<typeof rowPage.schema>> {
  const answer = await client.text(request, context)
  if (answer.body.trim() === '') {
    return { value: [] }
  }
  const reading = readJson(answer, deltaPage, PAGE_ANSWER)
  if (!reading.ok) {
    throw unusableAnswer(request.operation, reading)
  }
  return reading.value
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
