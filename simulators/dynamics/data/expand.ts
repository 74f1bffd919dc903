import { badQuery } from '../errors.js'
import { compileFilter } from '../odata/compile-filter.js'
import { parseFilter } from '../odata/parse-filter.js'
import { splitOutside } from '../odata/split.js'
import type { Context } from '../organisation.js'
import { requireOnTable } from '../privileges.js'
import type { Column, JsonObject, Relationship, Row, Table } from '../store/schema.js'
import { lookupByNavigation, rowScope, selectColumns } from './columns.js'
import { writeRow } from './serialize.js'

/** Adds the expanded rows of one `$expand` to a row's answer. */
export type Expander = (row: Row, out: JsonObject) => void

/** Reads `nav($select=a;$filter=b),other`; unknown names are 400 0x80060888. */
export function parseExpand(
  context: Context,
  table: Table,
  text: string | undefined,
): readonly Expander[] {
  if (text === undefined) {
    return []
  }
  return splitOutside(text, ',').map((part) => {
    const found = /^\s*(\w+)(?:\(([^]*)\))?\s*$/.exec(part)
    const navigation = found?.[1] ?? ''
    const options = new Map(
      splitOutside(found?.[2] ?? '', ';')
        .filter((option) => option !== '')
        .map((option) => {
          const mark = option.indexOf('=')
          return [option.slice(0, mark).trim(), option.slice(mark + 1)] as const
        }),
    )
    const lookup = lookupByNavigation(table, navigation)
    if (lookup !== undefined) {
      return expandLookup(context, lookup, navigation, options)
    }
    const child = collectionByNavigation(context, table, navigation)
    if (child === undefined) {
      throw badQuery(
        `Could not find a property named '${navigation}' on type 'Microsoft.Dynamics.CRM.${table.logicalName}'.`,
      )
    }
    return expandCollection(context, child, options)
  })
}

/** The relationship behind a collection of the parent table. */
export function collectionByNavigation(
  context: Context,
  table: Table,
  navigation: string,
): Relationship | undefined {
  return context.org.store
    .childrenOf(table)
    .find((relationship) => relationship.referencedNavigation === navigation)
}

function expandLookup(
  context: Context,
  lookup: Column,
  navigation: string,
  options: ReadonlyMap<string, string>,
): Expander {
  const target = context.org.store.table(lookup.target ?? '')
  requireOnTable(context, 'Read', target)
  const columns = selectColumns(context, target, options.get('$select'))
  return (row, out) => {
    const id = row.values[lookup.logicalName]
    const parent = typeof id === 'string' ? context.org.store.rows(target).get(id) : undefined
    out[navigation] =
      parent === undefined ? null : writeRow(context, target, parent, columns, false)
  }
}

function expandCollection(
  context: Context,
  relationship: Relationship,
  options: ReadonlyMap<string, string>,
): Expander {
  const { store } = context.org
  const child = store.table(relationship.referencing)
  requireOnTable(context, 'Read', child)
  const columns = selectColumns(context, child, options.get('$select'))
  const filter = options.get('$filter')
  const test =
    filter === undefined
      ? () => true
      : compileFilter(parseFilter(filter, new Map()), rowScope(context, child))
  const index = store.rows(child).addIndex([relationship.referencingColumn])
  return (row, out) => {
    out[relationship.referencedNavigation] = index
      .find([row.id])
      .filter(test)
      .map((found) => writeRow(context, child, found, columns, false))
  }
}
