import type { FutureStamp } from '../../crm.js'

/** No clock is wrong by more: such a time is a mistake, or an import. */
const MOST_AHEAD_MS = 24 * 3_600_000

/**
 * The newest times among the rows of a reading, as the database stamped them. The next reading cannot begin at a
 * clock's time: rows may be stamped by a clock that we cannot read (docs/wire-superoffice.md, 6.1).
 */
export class StampWatch {
  #newestMs: number
  #newestPastMs: number
  readonly #future = new Map<string, number>()

  /**
   * @param from the newest of earlier readings, and the start of this one: older rows are known.
   * @param nowMs our clock. It only separates stamps that are impossible today, and would hide later rows, and those
   * that are merely ahead of it.
   */
  constructor(
    from: { readonly watermarkMs: number; readonly sinceMs: number },
    private readonly nowMs: () => number,
  ) {
    this.#newestMs = from.watermarkMs
    this.#newestPastMs = from.sinceMs
  }

  /** Notes the times of a record's row; null: none. */
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

  /** Unix ms; the starting value if nothing newer was read. */
  get newestMs(): number {
    return this.#newestMs
  }

  /** The newest one not ahead of our clock: today's rows may still come behind one that is. */
  get newestPastMs(): number {
    return this.#newestPastMs
  }

  /** Records with a time in the future; the next reading finds them again. */
  get future(): readonly FutureStamp[] {
    return [...this.#future].map(([contactId, atMs]) => ({ contactId, atMs }))
  }
}

/** Whether a row can have this stamp today, with any difference of the clocks. */
export function isPossible(stampMs: number, nowMs: number): boolean {
  return stampMs <= nowMs + MOST_AHEAD_MS
}
