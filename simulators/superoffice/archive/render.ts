import { wireDate } from '../model/dates.js'
import { localName } from '../model/standard-lists.js'
import type { Cell } from '../model/table.js'
import type { ApiCall } from '../server/api-call.js'
import type { ArchiveColumn, Tuple } from './columns.js'
import type { ArchiveSource } from './source.js'

/**
 * One output row. Slim: display values and a textual `PrimaryKey`; full: raw and display below `Column`, the key a number.
 */
export function renderTuple(
  call: ApiCall,
  source: ArchiveSource,
  columns: readonly ArchiveColumn[],
  tuple: Tuple,
  full: boolean,
): Record<string, unknown> {
  const root = tuple[0]!
  const id = source.plan.root.idOf(root)
  const shown: Record<string, unknown> = {
    PrimaryKey: full ? id : String(id),
    EntityName: source.entityOf(root),
  }
  const cells: Record<string, unknown> = {}
  for (const column of columns) {
    const value = column.value(tuple)
    const display = displayed(call, column, value)
    cells[column.name] = full
      ? {
          RawValue: raw(call, column, value),
          DisplayValue: display === null ? '' : String(display),
          LinkHint: '',
          TooltipHint: '',
        }
      : display
  }
  return full ? { ...shown, StyleHint: '', LinkHint: '', Column: cells } : { ...shown, ...cells }
}

function raw(call: ApiCall, column: ArchiveColumn, value: Cell | undefined): unknown {
  return column.type === 'list' ? (value ?? null) : displayed(call, column, value)
}

function displayed(call: ApiCall, column: ArchiveColumn, value: Cell | undefined) {
  if (column.type === 'list') {
    return value === undefined ? '' : localName(column.display?.(value) ?? '', call.english)
  }
  if (value === undefined) {
    return null
  }
  switch (column.type) {
    case 'datetime':
      return wireDate(Number(value), call.zoneSuffix)
    case 'bool':
      return value === 1
    case 'int':
    case 'associate':
      return value
    case 'string':
      return /^([A-Z]{2}:"[^"]*";?)+$/.test(String(value))
        ? localName(String(value), call.english)
        : value
  }
}
