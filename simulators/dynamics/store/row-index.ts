import type { Json, Row } from './schema.js'

/** Equality in Dataverse: text ignores case, everything else is exact. Undefined and null are not indexed. */
export function indexText(value: Json | undefined): string | undefined {
  if (value === null || value === undefined) {
    return undefined
  }
  return typeof value === 'string' ? value.toLowerCase() : JSON.stringify(value)
}

/** Rows by the value of one or more columns, without rows that have a null in any of them. */
export class RowIndex {
  readonly #rows = new Map<string, Row | Set<Row>>()

  constructor(readonly columns: readonly string[]) {}

  /** All rows whose columns hold these values, unordered. */
  find(values: readonly (Json | undefined)[]): readonly Row[] {
    const key = joined(values)
    const found = key === undefined ? undefined : this.#rows.get(key)
    if (found === undefined) {
      return []
    }
    return found instanceof Set ? [...found] : [found]
  }

  /** Size of the result of `find`, without making the list. */
  size(values: readonly (Json | undefined)[]): number {
    const key = joined(values)
    const found = key === undefined ? undefined : this.#rows.get(key)
    return found === undefined ? 0 : found instanceof Set ? found.size : 1
  }

  add(row: Row): void {
    const key = this.#keyOf(row)
    if (key === undefined) {
      return
    }
    const found = this.#rows.get(key)
    if (found === undefined) {
      this.#rows.set(key, row)
    } else if (found instanceof Set) {
      found.add(row)
    } else if (found !== row) {
      this.#rows.set(key, new Set([found, row]))
    }
  }

  remove(row: Row): void {
    const key = this.#keyOf(row)
    const found = key === undefined ? undefined : this.#rows.get(key)
    if (key === undefined || found === undefined) {
      return
    }
    if (!(found instanceof Set)) {
      this.#rows.delete(key)
      return
    }
    found.delete(row)
    if (found.size === 0) {
      this.#rows.delete(key)
    }
  }

  #keyOf(row: Row): string | undefined {
    return joined(this.columns.map((column) => row.values[column]))
  }
}

function joined(values: readonly (Json | undefined)[]): string | undefined {
  if (values.length === 1) {
    return indexText(values[0])
  }
  const texts = values.map(indexText)
  return texts.some((text) => text === undefined) ? undefined : texts.join('\u0000')
}
