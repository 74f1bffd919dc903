import { badQuery, ServiceError } from '../errors.js'
import type { Accessor, FilterScope } from '../odata/compile-filter.js'
import type { Context } from '../organisation.js'
import { propertyName, type Column, type Json, type Row, type Table } from '../store/schema.js'
import { mayRead } from './column-security.js'

/** The value of a column in a row; null if nothing is stored. */
export function readValue(table: Table, row: Row, column: Column): Json {
  if (column.logicalName === table.primaryId) {
    return row.id
  }
  return column.logicalName === 'versionnumber'
    ? row.version
    : (row.values[column.logicalName] ?? null)
}

/** The column behind a property name as `$select`, `$filter` and `$orderby` write it (`_x_value` for lookups). */
export function columnByProperty(context: Context, table: Table, name: string): Column {
  const lookup = /^_(.+)_value$/.exec(name)?.[1]
  const column = table.columns.get(lookup ?? name)
  const right = column !== undefined && (column.type === 'Lookup') === (lookup !== undefined)
  if (!right || !context.org.sees(context, column)) {
    throw badQuery(
      `Could not find a property named '${name}' on type 'Microsoft.Dynamics.CRM.${table.logicalName}'.`,
    )
  }
  return column
}

/** The columns of a `$select`; without one, all. They always include the primary key. */
export function selectColumns(
  context: Context,
  table: Table,
  select: string | undefined,
): readonly Column[] {
  if (select === undefined || select.trim() === '*') {
    return [...table.columns.values()].filter((column) => context.org.sees(context, column))
  }
  const chosen = select.split(',').map((name) => columnByProperty(context, table, name.trim()))
  const key = table.columns.get(table.primaryId)
  return key === undefined || chosen.includes(key) ? chosen : [...chosen, key]
}

/** The lookup behind a navigation property; names are case-sensitive. */
export function lookupByNavigation(table: Table, navigation: string): Column | undefined {
  return [...table.columns.values()].find((column) => column.navigation === navigation)
}

/** How a filter over this table finds its columns, across at most one lookup. */
export function rowScope(context: Context, table: Table): FilterScope<Row> {
  const accessor = (column: Column): Accessor<Row> => ({
    type: column.type,
    read: (row) => (mayRead(context, column) ? readValue(table, row, column) : null),
  })
  return {
    path: (path) => {
      const [first = '', second] = path
      if (second === undefined) {
        return accessor(columnByProperty(context, table, first))
      }
      return acrossLookup(context, table, first, second)
    },
    logical: (name) => {
      const column = table.columns.get(name)
      if (column === undefined || !context.org.sees(context, column)) {
        throw new ServiceError(
          400,
          '0x80041103',
          `'${table.schemaName}' entity doesn't contain attribute with Name = '${name}' and NameMapping = 'Logical'.`,
        )
      }
      return accessor(column)
    },
  }
}

function acrossLookup(
  context: Context,
  table: Table,
  navigation: string,
  property: string,
): Accessor<Row> {
  const lookup = lookupByNavigation(table, navigation)
  const { store } = context.org
  const target = lookup?.target === undefined ? undefined : store.tables.get(lookup.target)
  if (lookup === undefined || target === undefined) {
    throw badQuery(
      `Could not find a property named '${navigation}' on type 'Microsoft.Dynamics.CRM.${table.logicalName}'.`,
    )
  }
  const column = columnByProperty(context, target, property)
  return {
    type: column.type,
    read: (row) => {
      const id = row.values[lookup.logicalName]
      const parent = typeof id === 'string' ? store.rows(target).get(id) : undefined
      return parent === undefined ? null : readValue(target, parent, column)
    },
  }
}

/** The property names of columns, for `@odata.context`. */
export function propertyNames(columns: readonly Column[]): string {
  return columns.map(propertyName).join(',')
}
