import { badPayload, ServiceError } from '../errors.js'
import { edmType } from '../odata/compile-filter.js'
import { isGuid } from '../odata/literal.js'
import type { Context } from '../organisation.js'
import { requireOnTable } from '../privileges.js'
import type { Column, Json, JsonObject, Table } from '../store/schema.js'
import { lookupByNavigation } from './columns.js'
import { parsePath, requireByKey } from './resource-path.js'

/** The columns that a body sets; `id` if it names the primary key. */
export interface ParsedBody {
  readonly id?: string
  readonly values: Record<string, Json>
  /** Every column that the body names, even one that the service fills itself. */
  readonly named: readonly string[]
}

/** Reads a JSON object from a body; anything else is 400 0x80048d19. */
export function parseJsonObject(entitySet: string, text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw badPayload(entitySet, 'Microsoft.OData.ODataException: Invalid JSON.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badPayload(
      entitySet,
      "Microsoft.OData.ODataException: An unexpected 'StartArray' node was found when reading from the JSON reader. A 'StartObject' node was expected.",
    )
  }
  return value as JsonObject
}

/** Checks every property of a row body against the table (wire page, sections 8.1 and 16.4). */
export function parseRowBody(context: Context, table: Table, body: JsonObject): ParsedBody {
  const values: Record<string, Json> = {}
  const named: string[] = []
  let id: string | undefined
  for (const [property, value] of Object.entries(body)) {
    if (property.endsWith('@odata.bind')) {
      const column = bindColumn(table, property.slice(0, -'@odata.bind'.length))
      values[column.logicalName] = resolveBinding(context, table, column, value)
      named.push(column.logicalName)
    } else if (property === '@odata.type') {
      checkType(table, value)
    } else if (!property.includes('@')) {
      const column = plainColumn(context, table, property)
      named.push(column.logicalName)
      if (column.logicalName === table.primaryId) {
        id = String(checkValue(table, column, value)).toLowerCase()
      } else if (column.readOnly !== true) {
        values[column.logicalName] = checkValue(table, column, value)
      }
    }
  }
  return { ...(id === undefined ? {} : { id }), values, named }
}

function checkType(table: Table, value: Json): void {
  const name = typeof value === 'string' ? value.replace(/^#/, '') : ''
  if (name !== `Microsoft.Dynamics.CRM.${table.logicalName}`) {
    throw badPayload(
      table.entitySet,
      `Microsoft.OData.ODataException: A resource with type '${name}' was found, but it is not assignable to the expected type 'Microsoft.Dynamics.CRM.${table.logicalName}'.`,
    )
  }
}

function bindColumn(table: Table, navigation: string): Column {
  const column = lookupByNavigation(table, navigation)
  if (column === undefined) {
    throw badPayload(
      table.entitySet,
      `Microsoft.OData.ODataException: An undeclared property '${navigation}' which only has property annotations in the payload but no property value was found in the payload. In OData, only declared navigation properties and declared named streams can be represented as properties without values.`,
    )
  }
  return column
}

function plainColumn(context: Context, table: Table, property: string): Column {
  const lookup = /^_(.+)_value$/.exec(property)?.[1]
  if (lookup !== undefined && table.columns.get(lookup)?.type === 'Lookup') {
    throw badPayload(
      table.entitySet,
      'Microsoft.Crm.CrmException: CRM do not support direct update of Entity Reference properties, Use Navigation properties instead.',
    )
  }
  const column = table.columns.get(property)
  if (column === undefined || column.type === 'Lookup' || !context.org.sees(context, column)) {
    throw badPayload(
      table.entitySet,
      `Microsoft.OData.ODataException: The property '${property}' does not exist on type 'Microsoft.Dynamics.CRM.${table.logicalName}'. Make sure to only use property names that are defined by the type.`,
    )
  }
  return column
}

/** The id of a binding: `/contacts(<guid>)`, by alternate key, or with the full address before it. */
function resolveBinding(
  context: Context,
  table: Table,
  column: Column,
  value: Json,
): string | null {
  if (value === null) {
    return null
  }
  const path = String(value).replace(context.root, '').replace(/^\//, '')
  const [segment] = parsePath(path)
  const target = context.org.store.tableBySet(segment?.name ?? '')
  if (target === undefined || segment?.argument === undefined) {
    throw badPayload(
      table.entitySet,
      `Microsoft.OData.ODataException: Resource not found for the segment '${segment?.name ?? ''}'.`,
    )
  }
  if (column.target !== undefined && column.target !== target.logicalName) {
    throw badPayload(
      table.entitySet,
      `Microsoft.OData.ODataException: The entity set '${target.entitySet}' cannot be bound to '${column.navigation}'.`,
    )
  }
  const row = requireByKey(context, target, segment.argument)
  requireOnTable(context, 'Append', table)
  requireOnTable(context, 'AppendTo', target)
  return row.id
}

function checkValue(table: Table, column: Column, value: Json): Json {
  if (value === null) {
    return null
  }
  const wrong = (): ServiceError =>
    badPayload(
      table.entitySet,
      `Microsoft.OData.ODataException: Cannot convert the literal '${typeof value === 'object' ? 'object' : String(value)}' to the expected type '${edmType(column.type)}'.`,
    )
  switch (column.type) {
    case 'Boolean':
      return typeof value === 'boolean' ? value : fail(wrong())
    case 'Integer':
    case 'BigInt':
      return Number.isInteger(value) ? value : fail(wrong())
    case 'Decimal':
      return typeof value === 'number' ? value : fail(wrong())
    case 'Picklist':
    case 'State':
    case 'Status':
      return Number.isInteger(value) ? inRange(table, column, value as number) : fail(wrong())
    case 'DateTime': {
      const ms = typeof value === 'string' ? Date.parse(value) : NaN
      return Number.isNaN(ms) ? fail(wrong()) : ms
    }
    case 'Uniqueidentifier':
      return typeof value === 'string' && isGuid(value) ? value.toLowerCase() : fail(wrong())
    case 'String':
    case 'Memo':
    case 'EntityName':
      return typeof value === 'string' ? shortEnough(table, column, value) : fail(wrong())
    case 'ManagedProperty':
      return typeof value === 'object' ? value : fail(wrong())
    case 'Lookup':
      return fail(wrong())
  }
}

function fail(error: ServiceError): never {
  throw error
}

function inRange(table: Table, column: Column, value: number): number {
  if (column.options?.includes(value) === false) {
    throw new ServiceError(
      400,
      '0x8004431A',
      `A validation error occurred. The value ${value} of '${column.logicalName}' on record of type '${table.logicalName}' is outside the valid range.`,
    )
  }
  return value
}

function shortEnough(table: Table, column: Column, value: string): string {
  if (column.maxLength !== undefined && value.length > column.maxLength) {
    throw new ServiceError(
      400,
      '0x80044331',
      `A validation error occurred.  The length of the '${column.logicalName}' attribute of the '${table.logicalName}' entity exceeded the maximum allowed length of '${column.maxLength}'.`,
    )
  }
  return value
}
