import type { FutureStamp } from '../../crm.js'

/** Beyond this no clock is off: somebody's mistake, or an import. */
const MOST_AHEAD_MS = 24 * 3_600_000

/**
 * The newest times among the rows of a reading, as the database stamped them. No clock tells where the next reading is to
 * begin: rows may be stamped by another one than any that we can ask (docs/wire-superoffice.md, 6.1).
 */
export class StampWatch {
  #newestMs: number
  #newestPastMs: number
  readonly #future = new Map<string, number>()

  /**
   * @param from the newest of the readings before, and where this one begins: what is older is known.
   * @param nowMs our clock. It only tells what can be no time of today, which would hide every later row, and which rows
   *   may be: those ahead of it.
   */
  constructor(
    from: { readonly watermarkMs: number; readonly sinceMs: number },
    private readonly nowMs: () => number,
  ) {
    this.#newestMs = from.watermarkMs
    this.#newestPastMs = from.sinceMs
  }

  /** A row of a record was read, with these times; null: none. */
  saw(contactId: string, ...stampsMs: readonly (number | null)[]): void {
    const nowMs = this.nowMs()
    for (const stampMs of stampsMs) {
      if (stampMs === null) {
        continue
      }
      if (!isPossible(stampMs, nowMs)) {
        this.#future.set(contactId, Math.max(this.#future.get(contactId) ?? 0, stampMs))
        continue
      }
      this.#newestMs = Math.max(this.#newestMs, stampMs)
      if (stampMs <= nowMs) {
        this.#newestPastMs = Math.max(this.#newestPastMs, stampMs)
      }
    }
  }

  /** Unix ms; as at the beginning where nothing newer was read. */
  get newestMs(): number {
    return this.#newestMs
  }

  /** The newest that is not ahead of our clock: behind one that is, rows of today may be still to come. */
  get newestPastMs(): number {
    return this.#newestPastMs
  }

  /** Records with a time in the future; the next reading finds them again. */
  get future(): readonly FutureStamp[] {
    return [...this.#future].map(([contactId, atMs]) => ({ contactId, atMs }))
  }
}

/** Whether a row can have been stamped so today, however far the clocks are apart. */
export function isPossible(stampMs: number, nowMs: number): boolean {
  return stampMs <= nowMs + MOST_AHEAD_MS
}
