import { badQuery, noSuchRow, noSuchKey } from '../errors.js'
import { isGuid, parseLiteral } from '../odata/literal.js'
import { splitOutside } from '../odata/split.js'
import type { Context } from '../organisation.js'
import type { Json, Row, Table } from '../store/schema.js'

/** One segment of a path: a name and the content of its brackets, both decoded. */
export interface Segment {
  readonly name: string
  readonly argument?: string
}

/** Splits `contacts(6d81…)/em_x` into segments. */
export function parsePath(path: string): readonly Segment[] {
  return path
    .split('/')
    .filter((part) => part !== '')
    .map((part) => {
      const text = decodePart(part)
      const found = /^([^(]*)\(([^]*)\)$/.exec(text)
      return found === null ? { name: text } : { name: found[1] ?? '', argument: found[2] ?? '' }
    })
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw badQuery('Bad percent-encoding in the URL.')
  }
}

/** Splits `a='x',b=@p` into names and raw values, aliases resolved. */
export function namedArguments(
  text: string,
  aliases: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  return new Map(
    splitOutside(text, ',')
      .filter((part) => part.trim() !== '')
      .map((part) => {
        const mark = part.indexOf('=')
        const raw = part.slice(mark + 1).trim()
        return [part.slice(0, mark).trim(), aliases.get(raw) ?? raw] as const
      }),
  )
}

/** Target of a key in a URL or a binding; `values` are those of an alternate key. */
export interface KeyTarget {
  readonly row: Row | undefined
  readonly id?: string
  readonly values?: Readonly<Record<string, Json>>
}

const FORBIDDEN_IN_KEY = /[/<>*%&:\\?+]/

/** Finds a row by `<guid>`, `pk=<guid>` or an Active alternate key; an unusable key is 400. */
export function findByKey(context: Context, table: Table, key: string): KeyTarget {
  const plain = key.trim().replace(new RegExp(`^${table.primaryId}=`), '')
  const rows = context.org.store.rows(table)
  if (isGuid(plain)) {
    const id = plain.toLowerCase()
    return { row: rows.get(id), id }
  }
  const values: Record<string, Json> = {}
  for (const [name, raw] of namedArguments(key)) {
    const literal = parseLiteral(raw)
    if (typeof literal.value === 'string' && FORBIDDEN_IN_KEY.test(literal.value)) {
      throw badQuery('The key value contains characters that are not allowed in a URL.')
    }
    values[name.replace(/^_(.+)_value$/, '$1')] = literal.value
  }
  const names = Object.keys(values)
  const alternate = [...table.keys.values()].find(
    (entry) =>
      entry.status === 'Active' &&
      entry.columns.length === names.length &&
      entry.columns.every((column) => names.includes(column)),
  )
  if (alternate === undefined) {
    throw badQuery(
      `The specified key properties '${names.join(',')}' do not form an active key of the entity ${table.logicalName}`,
    )
  }
  const found = rows.index(alternate.columns)?.find(alternate.columns.map((c) => values[c]))
  return { row: found?.[0], values }
}

/** As `findByKey`, but a missing row is 404 (0x80040217 by id, 0x80060891 by key). */
export function requireByKey(context: Context, table: Table, key: string): Row {
  const target = findByKey(context, table, key)
  if (target.row === undefined) {
    throw target.id === undefined ? noSuchKey() : noSuchRow(table.logicalName, target.id)
  }
  return target.row
}
