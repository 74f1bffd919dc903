import { badQuery, ServiceError } from '../errors.js'
import { parseUrlQuery, type UrlQuery } from '../odata/url-query.js'
import type { Context } from '../organisation.js'
import { requireOnTable } from '../privileges.js'
import type { Column, JsonObject, Row, Table } from '../store/schema.js'
import { propertyNames, selectColumns } from './columns.js'
import { readPageToken, withoutOption, writePageToken, type PageToken } from './page-token.js'
import { pageSize, type CollectionRequest } from './read-collection.js'
import { writeRow } from './serialize.js'

const DAY_MS = 86_400_000

/** A page of a tracked read: the baseline, or the changes since a delta link (wire page, section 7). */
export function readTracked(context: Context, request: CollectionRequest): JsonObject {
  const { table } = request
  requireOnTable(context, 'Read', table, 'Global')
  if (!table.changeTrackingLive) {
    throw badQuery(`The entity ${table.logicalName} is not enabled for change tracking.`)
  }
  const query = parseUrlQuery(request.rawQuery)
  for (const option of ['$filter', '$orderby', '$expand', '$top']) {
    if (query.options.has(option)) {
      throw badQuery(
        `The "${option}" query parameter isn't supported when Change Tracking is enabled.`,
      )
    }
  }
  const columns = selectColumns(context, table, query.options.get('$select'))
  return query.options.has('$deltatoken')
    ? deltaPage(context, request, query, columns)
    : baselinePage(context, request, query, columns)
}

/** `set/$count?$deltatoken=…`: the number of pending changes and deletions. */
export function countDelta(context: Context, request: CollectionRequest): number {
  const query = parseUrlQuery(request.rawQuery)
  const since = readDeltaToken(context, request.table, query.options.get('$deltatoken') ?? '')
  const rows = context.org.store.rows(request.table)
  return [...rows.changedAfter(since), ...rows.deletedAfter(since)].length
}

function baselinePage(
  context: Context,
  request: CollectionRequest,
  query: UrlQuery,
  columns: readonly Column[],
): JsonObject {
  const { table } = request
  const { store } = context.org
  const base = withoutOption(request.rawQuery, '$skiptoken')
  const skip = query.options.get('$skiptoken')
  const from: PageToken =
    skip === undefined
      ? { page: 1, after: 0, upTo: store.currentVersion() }
      : readPageToken(skip, base)
  const limit = pageSize(request.prefer)
  const rows: Row[] = []
  let more = false
  for (const row of store.rows(table).after(from.after)) {
    if (rows.length === limit) {
      more = true
      break
    }
    rows.push(row)
  }
  const out: JsonObject = {
    '@odata.context': `${context.root}$metadata#${table.entitySet}(${propertyNames(columns)})`,
  }
  if (more) {
    const next = { ...from, page: from.page + 1, after: rows.at(-1)?.seq ?? 0 }
    out['@odata.nextLink'] =
      `${context.root}${request.path}?${base}&$skiptoken=${writePageToken(next, base)}`
  } else {
    out['@odata.deltaLink'] = deltaLink(context, request, base, from.upTo ?? 0)
  }
  out['value'] = rows.map((row) =>
    writeRow(context, table, row, columns, request.prefer.annotations),
  )
  return out
}

function deltaPage(
  context: Context,
  request: CollectionRequest,
  query: UrlQuery,
  columns: readonly Column[],
): JsonObject {
  const { table } = request
  const { store } = context.org
  const since = readDeltaToken(context, table, query.options.get('$deltatoken') ?? '')
  const base = withoutOption(request.rawQuery, '$skiptoken')
  const skip = query.options.get('$skiptoken')
  const from: PageToken =
    skip === undefined
      ? { page: 1, after: since, upTo: store.currentVersion() }
      : readPageToken(skip, base)
  const upTo = from.upTo ?? 0
  const value: JsonObject[] = []
  const limit = pageSize(request.prefer)
  const next = fillDelta(context, table, from, upTo, limit, value, columns, request)
  if (value.length === 0 && next === undefined && context.org.quietDelta === 'empty') {
    return {}
  }
  const out: JsonObject = {
    '@odata.context': `${context.root}$metadata#${table.entitySet}(${propertyNames(columns)})/$delta`,
  }
  if (next !== undefined) {
    out['@odata.nextLink'] =
      `${context.root}${request.path}?${base}&$skiptoken=${writePageToken(next, base)}`
  } else {
    const plain = withoutOption(base, '$deltatoken')
    out['@odata.deltaLink'] = deltaLink(context, request, plain, upTo)
  }
  out['value'] = value
  return out
}

/** Changed rows first, by version, then deletions; returns the next position when the page is full. */
function fillDelta(
  context: Context,
  table: Table,
  from: PageToken,
  upTo: number,
  limit: number,
  value: JsonObject[],
  columns: readonly Column[],
  request: CollectionRequest,
): PageToken | undefined {
  const rows = context.org.store.rows(table)
  const page = from.page + 1
  let reached = from.after
  if (from.deletions !== true) {
    for (const row of rows.changedAfter(from.after)) {
      if (row.version > upTo) {
        break
      }
      if (value.length === limit) {
        return { ...from, page, after: reached }
      }
      value.push(writeRow(context, table, row, columns, request.prefer.annotations))
      reached = row.version
    }
  }
  const since = readDeltaToken(
    context,
    table,
    parseUrlQuery(request.rawQuery).options.get('$deltatoken') ?? '',
  )
  reached = from.deletions === true ? from.after : since
  for (const gone of rows.deletedAfter(reached)) {
    if (gone.version > upTo) {
      break
    }
    if (value.length === limit) {
      return { ...from, page, after: reached, deletions: true }
    }
    value.push({
      '@odata.context': `${context.root}$metadata#${table.entitySet}/$deletedEntity`,
      id: gone.id,
      reason: 'deleted',
    })
    reached = gone.version
  }
  return undefined
}

function deltaLink(
  context: Context,
  request: CollectionRequest,
  base: string,
  version: number,
): string {
  const iso = new Date(context.org.clock.now()).toISOString()
  const stamp = `${iso.slice(5, 7)}/${iso.slice(8, 10)}/${iso.slice(0, 4)} ${iso.slice(11, 19)}`
  const query = base === '' ? '' : `${base}&`
  return `${context.root}${request.path}?${query}$deltatoken=${encodeURIComponent(`${version}!${stamp}`).replace('!', '%21')}`
}

/** The version inside a token. A mangled token is 400 0x80044183, one that is too old or void 400 0x80044352. */
function readDeltaToken(context: Context, table: Table, token: string): number {
  const found = /^(\d+)!(\d\d)\/(\d\d)\/(\d{4}) (\d\d:\d\d:\d\d)$/.exec(token)
  const version = Number(found?.[1])
  if (found === null || version > context.org.store.currentVersion()) {
    throw new ServiceError(400, '0x80044183', 'Invalid version stamp')
  }
  const issuedMs = Date.parse(`${found[4]}-${found[2]}-${found[3]}T${found[5]}Z`)
  const ageMs = context.org.clock.now() - issuedMs
  const expired = version < context.org.store.rows(table).expiredBelow
  if (expired || ageMs > context.org.options.expireChangeTrackingInDays * DAY_MS) {
    throw new ServiceError(
      400,
      '0x80044352',
      'Version stamp associated with the client has expired. Please perform a full sync.',
    )
  }
  return version
}
