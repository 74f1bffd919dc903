import { randomUUID } from 'node:crypto'
import type { Json, Relationship, Row, Table } from './schema.js'
import { TableRows } from './table-rows.js'

/** A committed change of a row, for steps and audit. `sent` holds the columns present in the request. */
export interface RowEvent {
  readonly message: 'Create' | 'Update' | 'Delete'
  readonly table: Table
  readonly row: Row
  readonly sent: Readonly<Record<string, Json>>
  readonly before: Readonly<Record<string, Json>>
  readonly after: Readonly<Record<string, Json>>
  readonly userId: string
  readonly atMs: number
  readonly operationId: string
  /** Merge and cascade are marked in the audit. */
  readonly action: 'plain' | 'merge' | 'cascade'
}

/** All tables and rows of the organisation, one version counter, and transactions over them. */
export class Store {
  readonly tables = new Map<string, Table>()
  readonly relationships = new Map<string, Relationship>()
  readonly #bySet = new Map<string, Table>()
  readonly #data = new Map<string, TableRows>()
  #undo: (() => void)[] | undefined
  #pending: RowEvent[] = []
  #version = 915_000
  /** Called with the events of each committed transaction, in order. */
  onCommit: (events: readonly RowEvent[]) => void = () => {}

  currentVersion(): number {
    return this.#version
  }

  nextVersion(): number {
    this.#version += 1
    return this.#version
  }

  addTable(table: Table): void {
    this.tables.set(table.logicalName, table)
    this.#bySet.set(table.entitySet, table)
    const rows = new TableRows()
    for (const column of table.columns.values()) {
      if (column.type === 'Lookup') {
        rows.addIndex([column.logicalName])
      }
    }
    this.#data.set(table.logicalName, rows)
  }

  removeTable(table: Table): void {
    this.tables.delete(table.logicalName)
    this.#bySet.delete(table.entitySet)
    this.#data.delete(table.logicalName)
    for (const relationship of [...this.relationships.values()]) {
      if (relationship.referencing === table.logicalName) {
        this.relationships.delete(relationship.schemaName)
      }
    }
  }

  table(logicalName: string): Table {
    const table = this.tables.get(logicalName)
    if (table === undefined) {
      throw new Error(`no table ${logicalName}`)
    }
    return table
  }

  tableBySet(entitySet: string): Table | undefined {
    return this.#bySet.get(entitySet)
  }

  rows(table: Table | string): TableRows {
    const name = typeof table === 'string' ? table : table.logicalName
    const rows = this.#data.get(name)
    if (rows === undefined) {
      throw new Error(`no table ${name}`)
    }
    return rows
  }

  childrenOf(table: Table): readonly Relationship[] {
    return [...this.relationships.values()].filter((r) => r.referenced === table.logicalName)
  }

  /**
   * Runs work as one transaction: all of it, with its events, or nothing. An inner transaction becomes part of the
   * outer one.
   */
  transaction<T>(work: () => T): T {
    if (this.#undo !== undefined) {
      return work()
    }
    this.#undo = []
    this.#pending = []
    try {
      const result = work()
      const events = this.#pending
      this.#undo = undefined
      this.#pending = []
      for (const table of new Set(events.map((event) => event.table))) {
        this.#data.get(table.logicalName)?.compact()
      }
      this.onCommit(events)
      return result
    } catch (error) {
      for (const step of (this.#undo ?? []).reverse()) {
        step()
      }
      this.#undo = undefined
      this.#pending = []
      throw error
    }
  }

  insert(table: Table, id: string, values: Record<string, Json>): Row {
    const rows = this.rows(table)
    const row = rows.insert(id, this.nextVersion(), values)
    this.#undo?.push(() => rows.withdraw(row))
    return row
  }

  update(table: Table, row: Row, values: Record<string, Json>): void {
    const rows = this.rows(table)
    const { version, values: old } = row
    rows.update(row, this.nextVersion(), values)
    this.#undo?.push(() => rows.revert(row, version, old))
  }

  delete(table: Table, row: Row): void {
    const rows = this.rows(table)
    rows.delete(row, this.nextVersion())
    this.#undo?.push(() => rows.restore(row))
  }

  emit(event: Omit<RowEvent, 'operationId'>): void {
    this.#pending.push({ ...event, operationId: randomUUID() })
  }

  /** Expires every delta token issued so far for this table. */
  expireTokens(table: Table): void {
    this.rows(table).expiredBelow = this.nextVersion()
  }
}
