import { RowIndex } from './row-index.js'
import type { Json, Row } from './schema.js'

interface Change {
  readonly version: number
  readonly row: Row
}

/**
 * The rows of one table: by id, in creation order, by indexed column, and in order of change. The change log is
 * append-only. An entry counts only while its row still has that version, so that a delta costs as much as the changes.
 */
export class TableRows {
  readonly #byId = new Map<string, Row>()
  readonly #indexes: RowIndex[] = []
  #order: Row[] = []
  #changes: Change[] = []
  #deletions: Change[] = []
  #nextSeq = 1
  /** Tokens older than this version are answered as expired. */
  expiredBelow = 0

  get size(): number {
    return this.#byId.size
  }

  get(id: string): Row | undefined {
    return this.#byId.get(id)
  }

  all(): IterableIterator<Row> {
    return this.#byId.values()
  }

  index(columns: readonly string[]): RowIndex | undefined {
    return this.#indexes.find(
      (index) =>
        index.columns.length === columns.length && columns.every((c) => index.columns.includes(c)),
    )
  }

  addIndex(columns: readonly string[]): RowIndex {
    const known = this.index(columns)
    if (known !== undefined) {
      return known
    }
    const index = new RowIndex(columns)
    this.#indexes.push(index)
    for (const row of this.#byId.values()) {
      index.add(row)
    }
    return index
  }

  insert(id: string, version: number, values: Record<string, Json>): Row {
    const row: Row = { id, seq: this.#nextSeq++, version, deleted: false, values }
    this.#order.push(row)
    this.#changes.push({ version, row })
    this.#attach(row)
    return row
  }

  update(row: Row, version: number, values: Record<string, Json>): void {
    this.revert(row, version, values)
    this.#changes.push({ version, row })
  }

  /** Undoes an update: the change log still has the entry of the old version. */
  revert(row: Row, version: number, values: Record<string, Json>): void {
    this.#indexes.forEach((index) => index.remove(row))
    row.values = values
    row.version = version
    this.#indexes.forEach((index) => index.add(row))
  }

  delete(row: Row, version: number): void {
    this.#detach(row)
    this.#deletions.push({ version, row })
  }

  withdraw(row: Row): void {
    this.#detach(row)
  }

  restore(row: Row): void {
    this.#deletions = this.#deletions.filter((entry) => entry.row !== row)
    this.#attach(row)
  }

  /** Live rows created after `seq`, in creation order. */
  *after(seq: number): Generator<Row> {
    for (let i = firstAbove(this.#order, seq, (row) => row.seq); i < this.#order.length; i++) {
      const row = this.#order[i]
      if (row !== undefined && !row.deleted) {
        yield row
      }
    }
  }

  /** Live rows last changed after `version`, oldest change first. */
  *changedAfter(version: number): Generator<Row> {
    for (
      let i = firstAbove(this.#changes, version, (c) => c.version);
      i < this.#changes.length;
      i++
    ) {
      const change = this.#changes[i]
      if (change !== undefined && isCurrent(change)) {
        yield change.row
      }
    }
  }

  /** Deletions after `version`, oldest first; without ids that were created again. */
  *deletedAfter(version: number): Generator<{ readonly version: number; readonly id: string }> {
    const start = firstAbove(this.#deletions, version, (c) => c.version)
    for (let i = start; i < this.#deletions.length; i++) {
      const entry = this.#deletions[i]
      if (entry !== undefined && !this.#byId.has(entry.row.id)) {
        yield { version: entry.version, id: entry.row.id }
      }
    }
  }

  /** Drops entries that no delta can return. Never inside a transaction, because undoing it needs the old entries. */
  compact(): void {
    if (this.#changes.length > 2 * this.#byId.size + 10_000) {
      this.#changes = this.#changes.filter(isCurrent)
      this.#order = this.#order.filter((row) => !row.deleted)
    }
  }

  #attach(row: Row): void {
    row.deleted = false
    this.#byId.set(row.id, row)
    this.#indexes.forEach((index) => index.add(row))
  }

  #detach(row: Row): void {
    row.deleted = true
    this.#byId.delete(row.id)
    this.#indexes.forEach((index) => index.remove(row))
  }
}

function isCurrent(change: Change): boolean {
  return !change.row.deleted && change.row.version === change.version
}

/** Index of the first entry whose key is above `limit`; the list is sorted by key. */
function firstAbove<T>(list: readonly T[], limit: number, key: (entry: T) => number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    const entry = list[middle]
    if (entry !== undefined && key(entry) <= limit) {
      low = middle + 1
    } else {
      high = middle
    }
  }
  return low
}
