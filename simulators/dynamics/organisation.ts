import { createHash } from 'node:crypto'
import type { SimClock } from '../common/clock.js'
import { CustomizationLock } from './customization/lock.js'
import { Pace } from './customization/pace.js'
import type { DynamicsOptions } from './options.js'
import { PrivilegeBook } from './privilege-book.js'
import type { Column, Json, Row, Table } from './store/schema.js'
import { Store } from './store/store.js'

/** The caller, and its view of metadata. */
export interface Context {
  readonly org: Organisation
  readonly userId: string
  /**
   * Whether privileges are checked. They are for the application user only; people of the control API may do
   * everything.
   */
  readonly checked: boolean
  /** `Consistency: Strong`, which bypasses the metadata cache. */
  readonly strong: boolean
  /** `{org}/api/data/v9.2/`, for links in answers. */
  readonly root: string
}

/** A table's rules in addition to storing rows. Each may change the values or throw a `ServiceError`. */
export interface TableRules {
  readonly beforeCreate?: (context: Context, values: Record<string, Json>) => void
  readonly beforeUpdate?: (
    context: Context,
    row: Row,
    sent: Readonly<Record<string, Json>>,
    values: Record<string, Json>,
  ) => void
  readonly beforeDelete?: (context: Context, row: Row) => void
  /** Rows hidden from readers (audit rows that have not arrived). */
  readonly hidden?: (row: Row, nowMs: number) => boolean
}

/** One Dataverse environment: its tables, people and switches. */
export class Organisation {
  readonly store = new Store()
  readonly privileges = new PrivilegeBook()
  readonly pace: Pace
  readonly lock: CustomizationLock
  readonly rules = new Map<string, TableRules>()
  readonly organizationId: string
  readonly businessUnitId: string
  /** systemuser id of each registered application. */
  readonly applicationUsers = new Map<string, string>()
  /** Ids of systemforms and savedqueries that belong to the organisation or a table from the start. */
  readonly stockComponents = new Set<string>()
  /** Number of publishes; unpublished attribute or table definitions are not distinguished. */
  publishCount = 0
  /** Answer to a delta without changes: no rows and a link, or an empty JSON object. */
  quietDelta: 'whole' | 'empty' = 'whole'

  constructor(
    readonly options: DynamicsOptions,
    readonly clock: SimClock,
  ) {
    this.organizationId = stableGuid(`organization ${options.organizationName}`)
    this.businessUnitId = stableGuid(`businessunit ${options.organizationName}`)
    this.pace = new Pace(options.pace, options.customizationMs)
    this.lock = new CustomizationLock(this.pace)
  }

  /** Whether the data API shows this table or column yet. */
  sees(context: Context, item: Column | Table): boolean {
    return context.strong || item.visibleFromMs <= this.clock.now()
  }

  /** When a new table or column becomes visible. */
  cacheTime(): number {
    return this.clock.now() + this.options.metadataCacheDelayMs
  }
}

/** A GUID that is always equal for equal text. */
export function stableGuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
