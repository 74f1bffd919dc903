import type { FutureStamps } from '../../crm.js'

/** Ids per block; SuperOffice numbers persons in a row, so that a block of many changes is full. */
const BLOCK = 32 * 128

/**
 * A set of person ids, one bit an id. A reading of everybody's changes holds a million of them in an eighth of a
 * megabyte, where a `Set` takes fifty.
 */
export class PersonIds {
  readonly #blocks = new Map<number, Uint32Array>()

  /** Adds a positive id. @returns whether it is new. */
  add(id: number): boolean {
    const number = Math.floor(id / BLOCK)
    const block = this.#blocks.get(number) ?? new Uint32Array(BLOCK / 32)
    this.#blocks.set(number, block)
    const at = id % BLOCK
    const [word, bit] = [at >>> 5, 1 << (at & 31)]
    const isNew = (block[word]! & bit) === 0
    block[word]! |= bit
    return isNew
  }
}

/** Most records that are named; the others are counted. */
const MOST_FUTURE_STAMPS = 20

/** No clock is wrong by more: such a time is a mistake, or an import. */
const MOST_AHEAD_MS = 24 * 3_600_000

/**
 * The newest times among the rows of a reading, as the database stamped them. The next reading cannot begin at a
 * clock's time: rows may be stamped by a clock that we cannot read (docs/wire-superoffice.md, 6.1).
 */
export class StampWatch {
  #newestMs: number
  #newestPastMs: number
  readonly #withFuture = new PersonIds()
  #futureCount = 0
  #furthest: readonly { readonly contactId: string; readonly atMs: number }[] = []

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

  /** Notes the times of a person's row; null: none. */
  saw(personId: number, ...stampsMs: readonly (number | null)[]): void {
    const nowMs = this.nowMs()
    for (const stampMs of stampsMs) {
      if (stampMs === null) {
        continue
      }
      if (!isPossible(stampMs, nowMs)) {
        this.#noteFuture(personId, stampMs)
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

  /** The newest stamp that is not ahead of our clock. If a stamp is ahead, today's rows may still come behind it. */
  get newestPastMs(): number {
    return this.#newestPastMs
  }

  /** Persons with a time in the future; the next reading finds them again. */
  get future(): FutureStamps {
    const records = this.#furthest.map(({ contactId, atMs }) => ({
      contactId,
      at: new Date(atMs).toISOString(),
    }))
    return { count: this.#futureCount, records }
  }

  #noteFuture(personId: number, atMs: number): void {
    this.#futureCount += this.#withFuture.add(personId) ? 1 : 0
    const contactId = String(personId)
    const known = this.#furthest.find((stamp) => stamp.contactId === contactId)
    this.#furthest = [
      ...this.#furthest.filter((stamp) => stamp !== known),
      { contactId, atMs: Math.max(atMs, known?.atMs ?? 0) },
    ]
      .sort((a, b) => b.atMs - a.atMs)
      .slice(0, MOST_FUTURE_STAMPS)
  }
}

/** Whether a row can have this stamp today, with any difference of the clocks. */
export function isPossible(stampMs: number, nowMs: number): boolean {
  return stampMs <= nowMs + MOST_AHEAD_MS
}
