import type { Organisation } from '../organisation.js'
import type { Row } from '../store/schema.js'

const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi

/** Names ids by their components, so that two runs with the same result have the same text. */
export class NamesOfIds {
  readonly #names = new Map<string, string>()
  readonly #tablesByCode = new Map<string, string>()

  constructor(org: Organisation) {
    const { store } = org
    for (const table of store.tables.values()) {
      this.#names.set(table.metadataId, `table ${table.logicalName}`)
      this.#tablesByCode.set(String(table.objectTypeCode), table.logicalName)
      for (const column of table.columns.values()) {
        this.#names.set(column.metadataId, `column ${table.logicalName}.${column.logicalName}`)
      }
      for (const key of table.keys.values()) {
        this.#names.set(key.metadataId, `key ${table.logicalName}.${key.logicalName}`)
      }
    }
    for (const relationship of store.relationships.values()) {
      this.#names.set(relationship.metadataId, `relationship ${relationship.schemaName}`)
    }
    const name = (table: string, nameRow: (row: Row) => string): void => {
      for (const row of store.rows(table).all()) {
        this.#names.set(row.id, nameRow(row))
      }
    }
    const text = (row: Row, column: string): string => String(row.values[column])
    name('systemform', (row) => `form ${text(row, 'objecttypecode')}/${text(row, 'name')}`)
    name('savedquery', (row) => `view ${text(row, 'returnedtypecode')}/${text(row, 'name')}`)
    name('serviceendpoint', (row) => `endpoint ${text(row, 'name')}`)
    name('sdkmessageprocessingstep', (row) => `step ${text(row, 'name')}`)
    name('publisher', (row) => `publisher ${text(row, 'uniquename')}`)
    name('solution', (row) => `solution ${text(row, 'uniquename')}`)
  }

  /** The name of an id; `unknown` without a component. */
  of(id: unknown): string {
    return this.#names.get(String(id).toLowerCase()) ?? 'unknown'
  }

  /** XML with names instead of ids, positions (`#1`) instead of its own ids, and table names instead of codes. */
  inXml(xml: unknown): string | null {
    if (typeof xml !== 'string') {
      return null
    }
    const own = new Map<string, string>()
    return xml
      .replace(GUID, (id) => {
        const key = id.toLowerCase()
        const known = this.#names.get(key) ?? own.get(key)
        if (known !== undefined) {
          return known
        }
        own.set(key, `#${own.size + 1}`)
        return `#${own.size}`
      })
      .replace(/ object="(\d+)"/g, (all, code: string) => {
        const table = this.#tablesByCode.get(code)
        return table === undefined ? all : ` object="${table}"`
      })
  }
}
