import { badRequest, notFound } from '../errors.js'
import type { ApiCall } from '../server/api-call.js'
import type { ArchiveColumn } from './columns.js'
import { openDynamic } from './dynamic-source.js'
import { parseFilter } from './parse-filter.js'
import { type ArchiveQuery, parseQuery } from './parse-query.js'
import { openPerson } from './person-source.js'
import { openConsentPurpose } from './purpose-source.js'
import { renderTuple } from './render.js'
import { runQuery } from './run-query.js'
import type { ArchiveSource } from './source.js'

/** Answers `Archive/{provider}` for a query string or form (wire page, section 6). */
export function readArchive(call: ApiCall, provider: string, encoded: string) {
  const query = parseQuery(encoded)
  const source = open(call, provider, query)
  const bind = (name: string): ArchiveColumn => {
    const column = source.column(name)
    if (column === undefined) {
      throw badRequest(`Unknown column '${name}' in archive '${provider}'`)
    }
    return column
  }
  const columns = query.select.map(bind)
  const filter =
    query.filter === undefined
      ? undefined
      : parseFilter(query.filter, bind, call.filterAheadSeconds)
  const orderBy = query.orderBy.map((it) => ({ ...it, column: bind(it.column) }))
  const stranger = query.entities?.find((name) => !source.entities.includes(name))
  if (stranger !== undefined) {
    throw badRequest(`Unknown entity '${stranger}'`)
  }
  const { world } = call
  const { defaultTop, maxTop, lastPage } = world.switches
  const top = Math.min(query.top ?? defaultTop, maxTop)
  const { skip, entities } = query
  const page = runQuery({ source, filter, orderBy, entities, skip, top })
  const root = `${world.shownApi()}/v1/Archive`
  const nextLink = page.more
    ? { 'odata.nextLink': nextPage(`${root}/${provider}`, encoded, skip + top) }
    : lastPage === 'nextLinkNull'
      ? { 'odata.nextLink': null }
      : {}
  return {
    'odata.metadata': `${root}/$metadata`,
    ...nextLink,
    value: page.tuples
      .filter((tuple) => seen(call, tuple))
      .map((tuple) => renderTuple(call, source, columns, tuple, query.full)),
  }
}

function open(call: ApiCall, provider: string, query: ArchiveQuery): ArchiveSource {
  switch (provider) {
    case 'dynamic':
      return openDynamic(call.world, query.select[0] ?? '')
    case 'Person':
      return openPerson(call.world)
    case 'ConsentPurpose':
      return openConsentPurpose(call.world)
    default:
      throw notFound(`No archive provider '${provider}'`)
  }
}

/** Rights are applied after the page was cut, so that a page can be short. */
function seen(call: ApiCall, tuple: readonly unknown[]): boolean {
  const { unseen } = call.world.store
  return !tuple.some((row) => unseen.has(Number((row as { person_id?: number })?.person_id)))
}

function nextPage(address: string, encoded: string, skip: number): string {
  const kept = encoded.split('&').filter((part) => !/^(\$|%24)skip=/i.test(part))
  return `${address}?${[...kept, `$skip=${skip}`].join('&')}`
}
