import { PAGE_ROWS } from './page-size.js'

/** Values of one `in (…)`: addresses, or ids, which are shorter. */
export type ValueKind = 'text' | 'number'

/**
 * Rows of one posted query: slightly below half a page, because a fuller page does not count as the last and costs a
 * second request.
 */
const POSTED_ROWS = PAGE_ROWS / 2 - 20

/** Values in the first query by GET: IIS accepts 2,048 characters, and ids are short. */
const GOT: Readonly<Record<ValueKind, number>> = { text: 40, number: 100 }

/** How long a finding is valid: servers are upgraded, and a refusal may have meant something else. */
const HOLDS_MS = { absent: 12 * 3_600_000, refused: 3_600_000, failed: 600_000 }

/**
 * The number of values per query, and whether to POST, learned from the server's refusals (docs/wire-superoffice.md,
 * 6). One per installation and process.
 */
export class PieceSize {
  #noPostUntilMs = 0
  #posted: { readonly values: number; readonly untilMs: number } | null = null
  #got = { ...GOT }

  /** @param nowMs our clock. */
  constructor(private readonly nowMs: () => number) {}

  /** Whether long queries can be posted, as far as known. */
  get canPost(): boolean {
    return this.nowMs() >= this.#noPostUntilMs
  }

  /**
   * The number of values per query.
   * @param rowsPerValue expected rows for each.
   */
  most(kind: ValueKind, rowsPerValue: number): number {
    if (!this.canPost) {
      return this.#got[kind]
    }
    const learned = this.#posted
    const known = learned !== null && this.nowMs() < learned.untilMs ? learned.values : POSTED_ROWS
    return Math.min(known, Math.floor(POSTED_ROWS / rowsPerValue))
  }

  /**
   * Stops posting queries for a while.
   * @param how `absent`: the server has no POST; `refused`: it answered 400; `failed`: it threw.
   */
  cannotPost(how: keyof typeof HOLDS_MS): void {
    this.#noPostUntilMs = this.nowMs() + HOLDS_MS[how]
  }

  /** POST was not the reason. */
  tryPosting(): void {
    this.#noPostUntilMs = 0
  }

  /**
   * Notes that a query was refused for its length, or because it cannot be posted.
   * @returns the number of values to try next, always fewer; null after a single value.
   */
  tooMany(values: number, kind: ValueKind, posted: boolean): number | null {
    const half = Math.floor(values / 2)
    if (half < 1) {
      // Length was not the reason, so what was learned on the way down is void.
      this.tryPosting()
      this.#posted = null
      this.#got = { ...GOT }
      return null
    }
    if (!posted) {
      this.#got[kind] = Math.min(this.#got[kind], half)
      return half
    }
    if (this.canPost) {
      this.#posted = { values: half, untilMs: this.nowMs() + HOLDS_MS.absent }
      return half
    }
    return values > this.#got[kind] ? this.#got[kind] : half
  }
}
