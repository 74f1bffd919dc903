import { badQuery } from '../errors.js'
import type { Preferences } from '../http/prefer.js'
import { compileFilter } from '../odata/compile-filter.js'
import { parseFilter } from '../odata/parse-filter.js'
import { parseUrlQuery, type UrlQuery } from '../odata/url-query.js'
import type { Context } from '../organisation.js'
import { requireOnTable } from '../privileges.js'
import type { JsonObject, Row, Table } from '../store/schema.js'
import { candidates } from './candidates.js'
import { columnByProperty, propertyNames, readValue, rowScope, selectColumns } from './columns.js'
import { parseExpand } from './expand.js'
import { readPageToken, withoutOption, writePageToken, type PageToken } from './page-token.js'
import { writeRow } from './serialize.js'

/** The largest page of the service. */
const MAX_PAGE_SIZE = 5000

/** A read of many rows. Links in the answer start with `path`. */
export interface CollectionRequest {
  readonly table: Table
  readonly path: string
  readonly rawQuery: string
  readonly prefer: Preferences
  /** Only children of one parent: the lookup and the parent's id. */
  readonly within?: { readonly column: string; readonly id: string }
}

/** Rows per page as asked for, at most 5,000. */
export function pageSize(prefer: Preferences): number {
  return Math.min(Math.max(prefer.maxPageSize ?? MAX_PAGE_SIZE, 1), MAX_PAGE_SIZE)
}

/** One page of a plain read (wire page, section 6.2). */
export function readCollection(context: Context, request: CollectionRequest): JsonObject {
  const { table, prefer } = request
  requireOnTable(context, 'Read', table)
  const query = parseUrlQuery(request.rawQuery)
  const columns = selectColumns(context, table, query.options.get('$select'))
  const expanders = parseExpand(context, table, query.options.get('$expand'))
  const base = withoutOption(request.rawQuery, '$skiptoken')
  const skip = query.options.get('$skiptoken')
  const from: PageToken = skip === undefined ? { page: 1, after: 0 } : readPageToken(skip, base)
  const source = matching(context, request, query)
  const top = prefer.maxPageSize === undefined ? readTop(query) : undefined
  const limit = Math.min(pageSize(prefer), top ?? MAX_PAGE_SIZE)
  const page = takePage(context, table, source, query, from, limit)
  const out: JsonObject = {
    '@odata.context': `${context.root}$metadata#${table.entitySet}(${propertyNames(columns)})`,
  }
  if (query.options.get('$count') === 'true') {
    out['@odata.count'] = Math.min(countAll(matching(context, request, query)), MAX_PAGE_SIZE)
  }
  out['value'] = page.rows.map((row) => {
    const written = writeRow(context, table, row, columns, prefer.annotations)
    expanders.forEach((expand) => expand(row, written))
    return written
  })
  if (page.next !== undefined && top === undefined) {
    const token = writePageToken(page.next, base)
    out['@odata.nextLink'] =
      `${context.root}${request.path}?${base === '' ? '' : `${base}&`}$skiptoken=${token}`
  }
  return out
}

/** `set/$count`: a plain number, never above 5,000. */
export function countCollection(context: Context, request: CollectionRequest): number {
  requireOnTable(context, 'Read', request.table)
  const query = parseUrlQuery(request.rawQuery)
  return Math.min(countAll(matching(context, request, query)), MAX_PAGE_SIZE)
}

/** The rows that pass the filter, in creation order; starts after `seq` without a scan. */
function matching(
  context: Context,
  request: CollectionRequest,
  query: UrlQuery,
): (afterSeq: number) => Iterable<Row> {
  const { table, within } = request
  const rows = context.org.store.rows(table)
  const text = query.options.get('$filter')
  const filter = text === undefined ? undefined : parseFilter(text, query.aliases)
  const passes = filter === undefined ? () => true : compileFilter(filter, rowScope(context, table))
  const hidden = context.org.rules.get(table.logicalName)?.hidden
  const nowMs = context.org.clock.now()
  const indexed =
    within === undefined
      ? candidates(table, rows, filter)
      : [...rows.addIndex([within.column]).find([within.id])].sort((a, b) => a.seq - b.seq)
  return function* (afterSeq) {
    for (const row of indexed ?? rows.after(afterSeq)) {
      if (row.seq > afterSeq && passes(row) && hidden?.(row, nowMs) !== true) {
        yield row
      }
    }
  }
}

function countAll(source: (afterSeq: number) => Iterable<Row>): number {
  const rows = source(0)[Symbol.iterator]()
  let count = 0
  while (count < MAX_PAGE_SIZE && rows.next().done !== true) {
    count += 1
  }
  return count
}

function takePage(
  context: Context,
  table: Table,
  source: (afterSeq: number) => Iterable<Row>,
  query: UrlQuery,
  from: PageToken,
  limit: number,
): { readonly rows: readonly Row[]; readonly next?: PageToken } {
  const order = query.options.get('$orderby')
  if (order !== undefined) {
    const sorted = [...source(0)].sort(comparer(context, table, order))
    const rows = sorted.slice(from.after, from.after + limit)
    const reached = from.after + rows.length
    return reached < sorted.length
      ? { rows, next: { page: from.page + 1, after: reached } }
      : { rows }
  }
  const rows: Row[] = []
  for (const row of source(from.after)) {
    if (rows.length === limit) {
      return { rows, next: { page: from.page + 1, after: rows.at(-1)?.seq ?? 0 } }
    }
    rows.push(row)
  }
  return { rows }
}

function comparer(context: Context, table: Table, text: string): (a: Row, b: Row) => number {
  const keys = text.split(',').map((part) => {
    const [name = '', direction = 'asc', ...rest] = part.trim().split(/\s+/)
    if ((direction !== 'asc' && direction !== 'desc') || rest.length > 0) {
      throw badQuery(`Syntax error in $orderby '${text}'.`)
    }
    const column = columnByProperty(context, table, name)
    return { column, sign: direction === 'desc' ? -1 : 1 }
  })
  return (a, b) => {
    for (const { column, sign } of keys) {
      const left = readValue(table, a, column)
      const right = readValue(table, b, column)
      if (left !== right) {
        const less = left === null || (right !== null && left < right)
        return less ? -sign : sign
      }
    }
    return a.seq - b.seq
  }
}

function readTop(query: UrlQuery): number | undefined {
  const text = query.options.get('$top')
  if (text !== undefined && !/^[1-9]\d*$/.test(text)) {
    throw badQuery(`Invalid value '${text}' for $top query option found.`)
  }
  return text === undefined ? undefined : Number(text)
}
