import { type CallContext, PAGE_ANSWER, readRecords } from '../../../http/index.js'
import { readJsonText } from '../../../http/read-json.js'
import { sendBatch } from '../batch-call.js'
import { API_ROOT, type DataverseClient } from '../client.js'
import type { BatchPart } from '../wire/batch-decode.js'
import { ownLink } from '../wire/links.js'
import { anyOf, queryString, encodedSize, fitsInList } from '../wire/odata.js'
import { lostAnswer, partError, succeeded, unusableAnswer } from '../wire/errors.js'
import { PAGE_PREFERENCE, pagesFrom } from './pages.js'
import { anyRow, type RawRow, rowPage, type RowPage } from './rows.js'

/** Rows of a set with one of the values in one of the properties. */
export interface InQuery {
  readonly setName: string
  readonly select: readonly string[]
  /** Logical names, also of lookups. */
  readonly properties: readonly string[]
  readonly values: readonly string[]
}

const OPERATION = 'POST /$batch (read)'

/**
 * Runs queries in one `$batch`, whose URLs may be long enough for 500 values each, and follows further pages.
 * @returns the rows of each query, in the order of the queries.
 * @throws UpstreamError. One failed part fails the complete reading, because half of it would prove too much.
 */
export async function readByIn(
  client: DataverseClient,
  queries: readonly InQuery[],
  name: string,
  context: CallContext,
): Promise<RawRow[][]> {
  const chunked = queries.flatMap((query, index) =>
    inChunks(query.properties, query.values).map((values) => ({ query, index, values })),
  )
  const results: RawRow[][] = queries.map(() => [])
  if (chunked.length === 0) {
    return results
  }
  const requests = chunked.map(({ query, values }) => ({
    method: 'GET' as const,
    path:
      API_ROOT +
      query.setName +
      queryString({
        select: query.select,
        filter: query.properties.map((property) => anyOf(property, values)).join(' or '),
      }),
    headers: { Prefer: PAGE_PREFERENCE },
  }))
  const purpose = { operation: OPERATION, name, effect: 'read' } as const
  const answer = await sendBatch(client, requests, purpose, context)
  for (const [at, { query, index }] of chunked.entries()) {
    const page = pageOf(answer.parts[at], query, context)
    results[index]?.push(...page.value, ...(await furtherRows(client, query, page, name, context)))
  }
  return results
}

async function furtherRows(
  client: DataverseClient,
  query: InQuery,
  first: RowPage,
  name: string,
  context: CallContext,
): Promise<RawRow[]> {
  const next = first['@odata.nextLink'] ?? null
  if (next === null) {
    return []
  }
  const rows: RawRow[] = []
  const path = ownLink(client.environmentUrl, next, OPERATION)
  for await (const page of pagesFrom(client, path, { setName: query.setName, name }, context)) {
    rows.push(...page.value)
  }
  return rows
}

function pageOf(part: BatchPart | undefined, { setName }: InQuery, context: CallContext): RowPage {
  if (part === undefined) {
    throw lostAnswer(OPERATION, 'read', 'fewer answers than requests')
  }
  if (!succeeded(part)) {
    throw partError(part, OPERATION, 'read')
  }
  const reading = readJsonText(part.body.toString('utf8'), rowPage, PAGE_ANSWER.elements)
  if (!reading.ok) {
    throw unusableAnswer(OPERATION, reading)
  }
  const row = { ...anyRow, operation: `GET /${setName}` }
  return { ...reading.value, value: readRecords(row, reading.value.value, context) }
}

/** Values in one query. An `In()` accepts more, but answers of one page are easier on both sides. */
export const MAX_IN_VALUES = 500

/** Values outside the list, each a condition of its own; the service accepts 500 conditions in total. */
const MAX_BESIDE = 100

/** Space for the list in a URL inside `$batch` (65,536), leaving room for the rest of the URL. */
const MAX_LIST_CHARACTERS = 60_000

/**
 * Splits values into pieces that fit one filter, by number and by encoded length; keeps the order.
 * @param properties each is compared with all values.
 */
export function inChunks(properties: readonly string[], values: readonly string[]): string[][] {
  const chunks: string[][] = []
  let chunk: string[] = []
  let length = 0
  let beside = 0
  for (const value of values) {
    const size = properties.reduce((sum, property) => sum + encodedSize(property, value), 0)
    const alone = fitsInList(value) ? 0 : 1
    const isFull =
      chunk.length === MAX_IN_VALUES ||
      beside + alone > MAX_BESIDE ||
      (chunk.length > 0 && length + size > MAX_LIST_CHARACTERS)
    if (isFull) {
      chunks.push(chunk)
      chunk = []
      length = 0
      beside = 0
    }
    chunk.push(value)
    length += size
    beside += alone
  }
  return chunk.length === 0 ? chunks : [...chunks, chunk]
}
