import { PAGE_ROWS } from './page-size.js'

/** Values of one `in (…)`: addresses, or ids, which are shorter. */
export type ValueKind = 'text' | 'number'

/**
 * Rows of one posted query: a little below half a page, as a page that is fuller is not believed to be the last, and costs
 * a second request.
 */
const POSTED_ROWS = PAGE_ROWS / 2 - 20

/** Values in one query by GET to begin with: IIS takes 2,048 characters, and ids are short. */
const GOT: Readonly<Record<ValueKind, number>> = { text: 40, number: 100 }

/** How long what was learned is believed: servers are upgraded; a refusal may have meant something else. */
const HOLDS_MS = { surely: 12 * 3_600_000, perhaps: 3_600_000, hardly: 600_000 }

/**
 * How many values to ask for at a time, and whether by POST, as the server's refusals tell
 * (docs/wire-superoffice.md, 6). One per installation and process.
 */
export class PieceSize {
  #noPostUntilMs = 0
  #posted: { readonly values: number; readonly untilMs: number } | null = null
  #got = { ...GOT }

  /** @param nowMs our clock. */
  constructor(private readonly nowMs: () => number) {}

  /** Whether long queries can be posted, as far as is known. */
  get canPost(): boolean {
    return this.nowMs() >= this.#noPostUntilMs
  }

  /**
   * How many values to ask for at a time.
   *
   * @param rowsPerValue as many rows are expected for each.
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
   * Queries are not posted for a while.
   *
   * @param how `surely`: there is no such thing; `perhaps`: a 400 may have meant that; `hardly`: an exception may.
   */
  cannotPost(how: keyof typeof HOLDS_MS): void {
    this.#noPostUntilMs = this.nowMs() + HOLDS_MS[how]
  }

  /** It was not the posting. */
  tryPosting(): void {
    this.#noPostUntilMs = 0
  }

  /**
   * A query was refused for its length, or as it cannot be posted.
   *
   * @returns how many values to try next, always fewer; null where it was only one.
   */
  tooMany(values: number, kind: ValueKind, posted: boolean): number | null {
    const half = Math.floor(values / 2)
    if (half < 1) {
      // Not the length, then: what was learned on the way down means nothing.
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
      this.#posted = { values: half, untilMs: this.nowMs() + HOLDS_MS.surely }
      return half
    }
    return values > this.#got[kind] ? this.#got[kind] : half
  }
}
