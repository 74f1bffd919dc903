import { badQuery } from '../errors.js'
import { compileFilter, type FilterScope } from '../odata/compile-filter.js'
import { isGuid } from '../odata/literal.js'
import { parseFilter } from '../odata/parse-filter.js'
import type { UrlQuery } from '../odata/url-query.js'
import type { ColumnType, Json, JsonObject } from '../store/schema.js'

/** Definitions support `$select`, `$filter` and `$expand`; paging and order are refused (wire page, section 9.3). */
export function refusePaging(query: UrlQuery): void {
  for (const option of ['$top', '$orderby', '$skiptoken', '$deltatoken']) {
    if (query.options.has(option)) {
      throw badQuery(`The query parameter ${option} is not supported`)
    }
  }
}

/** The definitions that pass `$filter`; `sample` has all properties. */
export function filterDefinitions(
  definitions: readonly JsonObject[],
  sample: JsonObject,
  query: UrlQuery,
): readonly JsonObject[] {
  const text = query.options.get('$filter')
  if (text === undefined) {
    return definitions
  }
  const passes = compileFilter(parseFilter(text, query.aliases), jsonScope(sample))
  return definitions.filter(passes)
}

/** Only the chosen properties, and always `MetadataId`; unknown names are 400 0x80060888. */
export function selectProperties(definition: JsonObject, query: UrlQuery): JsonObject {
  const select = query.options.get('$select')
  if (select === undefined) {
    return definition
  }
  const out: JsonObject = {}
  for (const name of [...select.split(',').map((part) => part.trim()), 'MetadataId']) {
    out[name] = property(definition, name)
  }
  return definition['@odata.type'] === undefined
    ? out
    : { '@odata.type': definition['@odata.type'], ...out }
}

function property(definition: JsonObject, name: string): Json {
  const value = definition[name]
  if (value === undefined || name.startsWith('@')) {
    throw badQuery(`Could not find a property named '${name}' on the requested metadata type.`)
  }
  return value
}

function jsonScope(sample: JsonObject): FilterScope<JsonObject> {
  const path = (
    names: readonly string[],
  ): { type: ColumnType; read: (item: JsonObject) => Json } => {
    const [first = '', second] = names
    const read = (item: JsonObject): Json => {
      const outer = property(item, first)
      if (second === undefined) {
        return outer
      }
      const inside = typeof outer === 'object' && outer !== null && !Array.isArray(outer)
      return inside ? (outer[second] ?? null) : null
    }
    return { type: typeOf(read(sample)), read }
  }
  return { path, logical: (name) => path([name]) }
}

function typeOf(value: Json): ColumnType {
  switch (typeof value) {
    case 'boolean':
      return 'Boolean'
    case 'number':
      return 'Integer'
    default:
      return typeof value === 'string' && isGuid(value) ? 'Uniqueidentifier' : 'String'
  }
}
