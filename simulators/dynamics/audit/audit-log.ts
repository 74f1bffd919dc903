import type { Organisation, TableRules } from '../organisation.js'
import { indexText } from '../store/row-index.js'
import type { Json } from '../store/schema.js'
import { seedRow } from '../store/seed-row.js'
import type { RowEvent } from '../store/store.js'

/** Old and new values of one audited change. */
export interface AuditDetail {
  readonly table: string
  readonly objectId: string
  readonly old: Readonly<Record<string, Json>>
  readonly new: Readonly<Record<string, Json>>
}

const OPERATIONS = { Create: 1, Update: 2, Delete: 3 } as const
const ACTIONS = { plain: 0, merge: 12, cascade: 11 } as const

/** Writes audit rows where organisation, table and column have auditing on (wire page, section 16.15). */
export class AuditLog {
  readonly details = new Map<string, AuditDetail>()

  constructor(private readonly org: Organisation) {}

  /** Hides rows from readers until they have arrived. */
  readonly rules: TableRules = {
    hidden: (row, nowMs) => Number(row.values['createdon']) + this.org.options.auditDelayMs > nowMs,
  }

  record(events: readonly RowEvent[]): void {
    const organization = this.org.store.rows('organization').get(this.org.organizationId)
    if (organization?.values['isauditenabled'] !== true) {
      return
    }
    for (const event of events) {
      if (event.table.auditEnabled) {
        this.#write(event)
      }
    }
  }

  #write(event: RowEvent): void {
    const columns = [...event.table.columns.values()].filter(
      (column) =>
        column.auditEnabled &&
        indexExact(event.before[column.logicalName]) !==
          indexExact(event.after[column.logicalName]),
    )
    if (columns.length === 0) {
      return
    }
    const pick = (values: Readonly<Record<string, Json>>): Record<string, Json> =>
      Object.fromEntries(
        columns.map((column) => [column.logicalName, values[column.logicalName] ?? null]),
      )
    const id = crypto.randomUUID()
    seedRow(this.org, 'audit', id, {
      createdon: event.atMs,
      operation: OPERATIONS[event.message],
      action: ACTIONS[event.action] === 0 ? OPERATIONS[event.message] : ACTIONS[event.action],
      attributemask: columns.map((column) => column.columnNumber).join(','),
      objecttypecode: event.table.logicalName,
      objectid: event.row.id,
      userid: event.userId,
    })
    this.details.set(id, {
      table: event.table.logicalName,
      objectId: event.row.id,
      old: pick(event.before),
      new: pick(event.after),
    })
  }
}

/** Case-sensitive, because an address in other case is a change. */
function indexExact(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : indexText(value)
}
