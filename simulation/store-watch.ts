/** What one transaction stores. */
export interface Storing {
  /** Who confirmed the leases in it; null: nobody. */
  owner: string | null
  readonly events: string[]
  readonly addresses: number[]
}

/** A pass that stored something at an address whose lease another one had taken. */
export interface StoredWithoutLease {
  readonly addressId: number
  readonly atMs: number
  readonly by: string
}

/** Matches the statement that takes leases (src/ledger/address/leases.ts). Its values: the owner, the addresses. */
const TAKES_LEASES = /SET lease_owner = \$1, lease_token = a\.lease_token \+ 1/
/** Matches the statement that confirms them, in the same file. Its values: the addresses, the owner. */
const CONFIRMS_LEASES = /lease_owner = \$2 AND lease_expires_at > clock_timestamp\(\)\s+ORDER BY/
/** Matches the evidence of decisions (src/ledger/evidence/consent-events.ts). Its value: the events. */
const STORES_EVENTS = /INSERT INTO consent_events\b/
/** Matches what passes remember (src/ledger/copy/cells.ts). Its value: the cells. */
const STORES_MEMORIES = /UPDATE cells c SET seen = u\.seen/

/** Watches what passes store, by their statements: the evidence with the time of its COMMIT, and under which lease. */
export class StoreWatch {
  /** When each event was committed, by its id: only then may its writes be sent. */
  readonly committedMs = new Map<string, number>()
  readonly withoutLease: StoredWithoutLease[] = []
  /** Who took the lease of each address last. */
  private readonly owners = new Map<number, string>()

  static begin(): Storing {
    return { owner: null, events: [], addresses: [] }
  }

  /** Whether the statement takes leases. */
  static takesLeases(sql: string): boolean {
    return TAKES_LEASES.test(sql)
  }

  /** Whether the statement stores a decision's evidence; its writes follow. */
  static storesEvents(sql: string): boolean {
    return STORES_EVENTS.test(sql)
  }

  /** Leases were taken. @param rows the statement's answer. */
  taken(values: readonly unknown[], rows: readonly unknown[]): void {
    const owner = values[0] as string
    const leases = rows as readonly { readonly addressId: number }[]
    leases.forEach(({ addressId }) => this.owners.set(addressId, owner))
  }

  /** A transaction sends a statement. */
  static note(storing: Storing, sql: string, values: readonly unknown[]): void {
    if (CONFIRMS_LEASES.test(sql)) {
      storing.owner = values[1] as string
    } else if (STORES_EVENTS.test(sql)) {
      const events = JSON.parse(values[0] as string) as readonly { readonly eventId: string }[]
      storing.events.push(...events.map(({ eventId }) => eventId))
    } else if (STORES_MEMORIES.test(sql)) {
      const cells = JSON.parse(values[0] as string) as readonly { readonly address_id: number }[]
      storing.addresses.push(...cells.map((cell) => cell.address_id))
    }
  }

  /** A transaction was committed. @param by its task. */
  committed({ owner, events, addresses }: Storing, atMs: number, by: string): void {
    events.forEach((id) => this.committedMs.set(id, atMs))
    const stolen = [...new Set(addresses)].filter((id) => this.owners.get(id) !== owner)
    this.withoutLease.push(...stolen.map((addressId) => ({ addressId, atMs, by })))
  }
}
