import { badRequest } from '../errors.js'
import type { ApiCall } from '../server/api-call.js'
import { readArchive } from './archive.js'

/**
 * The agent's archive: the same providers and filters. `ColumnData` contains texts, with numbers, dates and flags as
 * `[I:123]`, `[D:2014-09-13]` and `[B:True]` (the official client's `ArchiveColumnData`). A negative page is a number
 * of rows to skip.
 */
export function archiveByColumns(call: ApiCall, given: Readonly<Record<string, unknown>>) {
  const text = (name: string) => (typeof given[name] === 'string' ? given[name] : '')
  const size = whole(given['pagesize'])
  const page = whole(given['page'])
  if (size < 1) {
    throw badRequest('PageSize must be a whole number of at least 1')
  }
  const options = {
    $select: text('columns'),
    $filter: text('restrictions'),
    $orderBy: text('sortorder'),
    $entities: text('entities'),
    $top: String(size),
    $skip: String(page < 0 ? -page : page * size),
  }
  const encoded = Object.entries(options)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')
  const { value } = readArchive(call, text('providername'), encoded)
  return value.map(({ PrimaryKey, EntityName, ...cells }) => ({
    EntityName,
    PrimaryKey: Number(PrimaryKey),
    ColumnData: Object.fromEntries(
      Object.entries(cells).map(([name, cell]) => [
        name,
        { DisplayValue: written(cell), TooltipHint: '', LinkHint: '' },
      ]),
    ),
    LinkHint: '',
    StyleHint: '',
    TableRight: null,
    FieldProperties: {},
  }))
}

function written(cell: unknown): string {
  switch (typeof cell) {
    case 'number':
      return `[I:${cell}]`
    case 'boolean':
      return `[B:${cell ? 'True' : 'False'}]`
    case 'string':
      return /^\d{4}-\d{2}-\d{2}T/.test(cell) ? `[D:${cell}]` : cell
    default:
      return ''
  }
}

function whole(value: unknown): number {
  if (!Number.isInteger(value)) {
    throw badRequest('The request is invalid.')
  }
  return Number(value)
}
