import type { CallContext } from '../../../http/index.js'
import type { Archive } from '../archive/archive.js'
import { toFilterTime } from '../wire/time.js'
import { numberOf, timeOf } from '../wire/values.js'
import { CONSENT_ID, CONSENT_STAMPS } from './consent-row.js'

/** Zones are a quarter of an hour apart, and at most fifteen hours from UTC. */
const STEP_MS = 15 * 60_000
const MOST_STEPS = 60

/** Summer time may begin before we look again. */
const MARGIN_MS = 3_600_000
const HOLDS_MS = 12 * 3_600_000

/**
 * How an installation reads a time in a filter. Ours are UTC and a header says so, but whether stamps, which always are
 * UTC, are compared with them as they are, or after the time was brought into the base time zone, is not documented
 * (docs/wire-superoffice.md, 6.1). A row whose stamp we have read tells: it must be found by it.
 */
export class FilterTimes {
  #known: { readonly reachMs: number; readonly untilMs: number } | null = null

  /** @param nowMs our clock. */
  constructor(
    private readonly archive: Archive,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /**
   * By how much a listing has to reach back further, for nothing to be missed; 0 where times mean what they say. Asked of
   * the server once in a while. @throws UpstreamError, AppError
   */
  async reachMs(context: CallContext): Promise<number> {
    if (this.#known !== null && this.nowMs() < this.#known.untilMs) {
      return this.#known.reachMs
    }
    const row = await this.#anyRow(context)
    if (row === null) {
      return 0
    }
    const reachMs = await this.#measure(row, context)
    this.#known = { reachMs, untilMs: this.nowMs() + HOLDS_MS }
    return reachMs
  }

  /** The fewest steps back at which the row is found; where it never is, all of them. */
  async #measure(row: Row, context: CallContext): Promise<number> {
    const finds = (steps: number) => this.#finds(row, row.stampMs - steps * STEP_MS, context)
    if (await finds(0)) {
      return 0
    }
    let [missed, found] = [0, MOST_STEPS]
    while (found - missed > 1) {
      const middle = Math.floor((missed + found) / 2)
      if (await finds(middle)) {
        found = middle
      } else {
        missed = middle
      }
    }
    return found * STEP_MS + MARGIN_MS
  }

  async #anyRow(context: CallContext): Promise<Row | null> {
    const { rows } = await this.#page(`${CONSENT_ID} gt 0`, context)
    const [row] = rows
    if (row === undefined) {
      return null
    }
    const id = numberOf(row, CONSENT_ID)
    const stampMs = Math.max(...CONSENT_STAMPS.map((column) => timeOf(row, column) ?? 0))
    return id === null || stampMs === 0 ? null : { id, stampMs }
  }

  async #finds({ id }: Row, sinceMs: number, context: CallContext): Promise<boolean> {
    const since = CONSENT_STAMPS.map((column) => `${column} afterTime '${toFilterTime(sinceMs)}'`)
    const { rows } = await this.#page(`${CONSENT_ID} = ${id} and (${since.join(' or ')})`, context)
    return rows.length > 0
  }

  #page(filter: string, context: CallContext) {
    return this.archive.page(
      {
        provider: 'dynamic',
        select: [CONSENT_ID, ...CONSENT_STAMPS],
        filter,
        orderBy: CONSENT_ID,
        top: 1,
        name: 'delta.filterTimes',
      },
      context,
    )
  }
}

interface Row {
  readonly id: number
  readonly stampMs: number
}
