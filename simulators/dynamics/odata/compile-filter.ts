import { badQuery } from '../errors.js'
import type { ColumnType, Json } from '../store/schema.js'
import type { Comparison, Filter } from './filter.js'
import type { Literal } from './literal.js'

/** Reads a path of a filter from an item. */
export interface Accessor<T> {
  readonly type: ColumnType
  readonly read: (item: T) => Json
}

/** Finds columns for the filter; both throw a `ServiceError` for unknown names. */
export interface FilterScope<T> {
  path(path: readonly string[]): Accessor<T>
  /** By logical name, as for `In()`, also for lookups. */
  logical(column: string): Accessor<T>
}

/** Turns a filter into a test. Checks names and types against the scope. */
export function compileFilter<T>(filter: Filter, scope: FilterScope<T>): (item: T) => boolean {
  switch (filter.kind) {
    case 'and': {
      const parts = filter.parts.map((part) => compileFilter(part, scope))
      return (item) => parts.every((part) => part(item))
    }
    case 'or': {
      const parts = filter.parts.map((part) => compileFilter(part, scope))
      return (item) => parts.some((part) => part(item))
    }
    case 'not': {
      const part = compileFilter(filter.part, scope)
      return (item) => !part(item)
    }
    case 'in': {
      const { read, type } = scope.logical(filter.column)
      const wanted = new Set(filter.values.map((value) => value.toLowerCase()))
      const asText = (value: Json): string =>
        type === 'Boolean' ? (value === true ? 'true' : 'false') : String(value).toLowerCase()
      return (item) => {
        const value = read(item)
        return value !== null && wanted.has(asText(value))
      }
    }
    case 'text': {
      const { read } = scope.path(filter.path)
      const pattern = textTest(filter.test, filter.value)
      return (item) => pattern.test(String(read(item) ?? ''))
    }
    case 'compare': {
      const { read, type } = scope.path(filter.path)
      const wanted = operand(type, filter.value)
      return (item) => compare(filter.operator, fold(read(item)), wanted)
    }
  }
}

/** `%`, `_` and `[a-z]` are wildcards in text functions (wire page, section 6.2). */
function textTest(test: 'contains' | 'startswith' | 'endswith', part: string): RegExp {
  const body = part.replace(/\[[^\]]*\]|[\s\S]/g, (piece) => {
    if (piece.length > 1) {
      return piece
    }
    return piece === '%'
      ? '[^]*'
      : piece === '_'
        ? '[^]'
        : piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(
    `${test === 'startswith' ? '^' : ''}${body}${test === 'endswith' ? '$' : ''}`,
    'i',
  )
}

const LITERAL_TYPES: Readonly<Record<ColumnType, readonly Literal['type'][]>> = {
  String: ['string'],
  Memo: ['string'],
  EntityName: ['string'],
  Boolean: ['boolean'],
  Integer: ['number'],
  BigInt: ['number'],
  Decimal: ['number'],
  Picklist: ['number'],
  State: ['number'],
  Status: ['number'],
  DateTime: ['date'],
  Lookup: ['guid'],
  Uniqueidentifier: ['guid'],
  ManagedProperty: [],
}

function operand(type: ColumnType, literal: Literal): Json {
  if (literal.type !== 'null' && !LITERAL_TYPES[type].includes(literal.type)) {
    throw badQuery(
      `A binary operator with incompatible types was detected. Found operand types '${edmType(type)}' and '${literal.type}' for operator kind 'Equal'.`,
    )
  }
  return fold(literal.value)
}

/** The name of a column type in messages of the service. */
export function edmType(type: ColumnType): string {
  switch (type) {
    case 'Boolean':
      return 'Edm.Boolean'
    case 'Integer':
    case 'Picklist':
    case 'State':
    case 'Status':
      return 'Edm.Int32'
    case 'BigInt':
      return 'Edm.Int64'
    case 'Decimal':
      return 'Edm.Decimal'
    case 'DateTime':
      return 'Edm.DateTimeOffset'
    case 'Lookup':
    case 'Uniqueidentifier':
      return 'Edm.Guid'
    case 'String':
    case 'Memo':
    case 'EntityName':
    case 'ManagedProperty':
      return 'Edm.String'
  }
}

function fold(value: Json): Json {
  return typeof value === 'string' ? value.toLowerCase() : value
}

/** As in SQL: null equals only null; `ne` also matches nulls, other operators skip them. */
function compare(operator: Comparison, value: Json, wanted: Json): boolean {
  if (operator === 'eq') {
    return value === wanted
  }
  if (operator === 'ne') {
    return value !== wanted
  }
  if (value === null || wanted === null) {
    return false
  }
  switch (operator) {
    case 'gt':
      return value > wanted
    case 'ge':
      return value >= wanted
    case 'lt':
      return value < wanted
    case 'le':
      return value <= wanted
  }
}
