import {
  findConnectionByWebhookRef,
  listWebhookRefs,
  type ConnectionRow,
} from '../../ledger/connection/connections.js'
import type { Queryable } from '../../ledger/db/database.js'
import type { Logger } from '../../telemetry/logger.js'
import { LIMITS } from '../limits.js'
import { SharedReading } from '../shared-reading.js'

interface KnownOwner {
  readonly reading: SharedReading<ConnectionRow | null>
  /** Undefined: not read yet. */
  row: ConnectionRow | null | undefined
}

/**
 * The existing webhook addresses, in memory from the start, and the connections of those that were called, as last
 * read. They distinguish strangers from senders without a query for each call. The database is queried at most once a
 * second for the list, and once a second for each existing address.
 */
export class KnownAddresses {
  #refs: ReadonlySet<string> = new Set()
  readonly #owners = new Map<string, KnownOwner>()
  readonly #list: SharedReading<void>
  #timer: NodeJS.Timeout | null = null

  constructor(
    private readonly db: Queryable,
    private readonly log: Logger,
  ) {
    this.#list = new SharedReading(() => this.#readList(), LIMITS.lookUpEveryMs)
  }

  /**
   * Reads the list, and again every ten seconds. If the database is away, it starts empty, and the first call reads the
   * list.
   */
  async open(): Promise<void> {
    await this.#refresh()
    this.#timer = setInterval(() => void this.#refresh(), LIMITS.addressesEveryMs)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer ?? undefined)
  }

  /** Whether the address existed when the list was last read. */
  has(webhookRef: string): boolean {
    return this.#refs.has(webhookRef)
  }

  /**
   * Reads the list again, after this call; all waiting callers share the reading. @throws AppError
   * `database_unreachable`.
   */
  readAgain(): Promise<void> {
    return this.#list.newer()
  }

  /** The connection of an address, as last read; read now if it never was. @throws AppError `database_unreachable`. */
  async ownerOf(webhookRef: string): Promise<ConnectionRow | null> {
    const { row } = this.#known(webhookRef)
    return row === undefined ? this.ownerReadAgain(webhookRef) : row
  }

  /**
   * As `ownerOf`, but read after this call; all waiting callers share the reading. @throws AppError
   * `database_unreachable`.
   */
  ownerReadAgain(webhookRef: string): Promise<ConnectionRow | null> {
    return this.#known(webhookRef).reading.newer()
  }

  /** As `ownerOf`, but read now and for this caller only: for calls whose sender is proven. @throws AppError. */
  async ownerNow(webhookRef: string): Promise<ConnectionRow | null> {
    const row = await findConnectionByWebhookRef(this.db, webhookRef)
    this.#known(webhookRef).row = row
    return row
  }

  #known(webhookRef: string): KnownOwner {
    const known = this.#owners.get(webhookRef)
    if (known) {
      return known
    }
    const read = () => this.ownerNow(webhookRef)
    const made = { reading: new SharedReading(read, LIMITS.lookUpEveryMs), row: undefined }
    this.#owners.set(webhookRef, made)
    return made
  }

  async #refresh(): Promise<void> {
    await this.#list.newer().catch((error: unknown) => {
      const code = 'database_unreachable'
      this.log.warn({ code, err: error }, 'the webhook addresses could not be read')
    })
  }

  async #readList(): Promise<void> {
    this.#refs = new Set(await listWebhookRefs(this.db))
    for (const ref of this.#owners.keys()) {
      if (!this.#refs.has(ref)) {
        this.#owners.delete(ref)
      }
    }
  }
}
