/** A database value: dates are seconds since 1970, flags 0 or 1. */
export type Cell = number | string

/** One row of the stand-in's database, by column. */
export type Row = Record<string, Cell>

/** A column's type in filters (wire page, section 6.4). */
export type ColumnType = 'int' | 'string' | 'datetime'

/** A column of a table; `references` names the table that a foreign key points to. */
export interface ColumnDefinition {
  readonly type: ColumnType
  readonly references?: string
}

/** A table in the form that the archive `dynamic` uses. */
export interface TableDefinition {
  readonly name: string
  readonly key: string
  readonly columns: Readonly<Record<string, ColumnDefinition>>
  /** Columns with an index; texts ignore case. */
  readonly indexed: readonly string[]
}

/** Rows by rising id, with indexes that follow every change. */
export class Table<R extends Row = Row> {
  readonly #rows = new Map<number, R>()
  /** Rising. Ids of deleted rows stay and are skipped. */
  readonly #ids: number[] = []
  readonly #indexes = new Map<string, Map<Cell, R[]>>()

  constructor(readonly definition: TableDefinition) {
    for (const column of definition.indexed) {
      this.#indexes.set(column, new Map())
    }
  }

  get size(): number {
    return this.#rows.size
  }

  /** Adds a row under the next id. */
  insert(fields: Omit<R, string> & Row): R {
    const id = (this.#ids.at(-1) ?? 0) + 1
    const row = { [this.definition.key]: id, ...fields } as unknown as R
    this.#ids.push(id)
    this.#rows.set(id, row)
    for (const [column, index] of this.#indexes) {
      add(index, indexKey(row[column]), row)
    }
    return row
  }

  update(row: R, changes: Row): void {
    for (const [column, index] of this.#indexes) {
      const next = changes[column]
      if (next !== undefined && next !== row[column]) {
        remove(index, indexKey(row[column]), row)
        add(index, indexKey(next), row)
      }
    }
    Object.assign(row, changes)
  }

  delete(row: R): void {
    this.#rows.delete(this.idOf(row))
    for (const [column, index] of this.#indexes) {
      remove(index, indexKey(row[column]), row)
    }
  }

  get(id: Cell | undefined): R | undefined {
    return typeof id === 'number' ? this.#rows.get(id) : undefined
  }

  idOf(row: Row): number {
    return row[this.definition.key] as number
  }

  isIndexed(column: string): boolean {
    return column === this.definition.key || this.#indexes.has(column)
  }

  /** Rows whose indexed column (or key) has this value. */
  by(column: string, value: Cell): readonly R[] {
    if (column === this.definition.key) {
      const row = this.get(value)
      return row === undefined ? [] : [row]
    }
    return this.#indexes.get(column)?.get(indexKey(value)) ?? []
  }

  /** Rows with an id of at least `from`, rising. */
  *from(from = 0): Generator<R> {
    for (let at = this.#position(from); at < this.#ids.length; at++) {
      const row = this.#rows.get(this.#ids[at]!)
      if (row !== undefined) {
        yield row
      }
    }
  }

  #position(id: number): number {
    let low = 0
    let high = this.#ids.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#ids[middle]! < id) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }
}

function indexKey(value: Cell | undefined): Cell {
  return typeof value === 'string' ? value.toLowerCase() : (value ?? 0)
}

function add<R>(index: Map<Cell, R[]>, key: Cell, row: R): void {
  const rows = index.get(key)
  if (rows === undefined) {
    index.set(key, [row])
  } else {
    rows.push(row)
  }
}

function remove<R>(index: Map<Cell, R[]>, key: Cell, row: R): void {
  const rest = index.get(key)?.filter((other) => other !== row) ?? []
  if (rest.length === 0) {
    index.delete(key)
  } else {
    index.set(key, rest)
  }
}
