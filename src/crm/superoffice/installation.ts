import { type CallContext, SingleFlight } from '../../http/index.js'
import { Archive } from './archive/archive.js'
import type { SuperOfficeClient } from './client.js'
import { DEFAULT_SOURCE_KEY, type SuperOfficeFacts } from './facts.js'
import { ConsentLists } from './lists.js'
import { currentPrincipal, type Principal, requireSame } from './principal.js'
import { type Ourselves, CONSENT_ID, CONSENT_STAMPS } from './reading/consent-row.js'
import { toFilterTime } from './wire/time.js'
import { numberOf, timeOf } from './wire/values.js'

/** Time zones differ by quarters of an hour, up to fifteen hours from UTC. */
const STEP_MS = 15 * 60_000
const MOST_STEPS = 60

/** Summer time may begin before the next check. */
const MARGIN_MS = 3_600_000
const HOLDS_MS = 12 * 3_600_000

/**
 * How an installation reads a time in a filter. Our times are UTC, and a header states it. Stamps are always UTC, but
 * it is not documented whether they are compared with the time as sent or after its conversion to the base time zone
 * (docs/wire-superoffice.md, 6.1). So this requests a row whose stamp is known.
 */
class FilterTimes {
  #known: { readonly reachMs: number; readonly untilMs: number } | null = null

  /** @param nowMs our clock. */
  constructor(
    private readonly archive: Archive,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /**
   * How much further a listing must reach back to miss nothing; 0 if times mean what they say. Asks the server now and
   * then. @throws UpstreamError, AppError
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

  /** The fewest steps back that find the row; all of them if none does. */
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

/** Limited, because a ticket may come to belong to another user without our doing. */
const PRINCIPAL_HOLDS_MS = 3_600_000

/** What sessions share of one installation: lists, archive and principal. */
export class Installation {
  readonly archive: Archive
  readonly lists: ConsentLists
  readonly filterTimes: FilterTimes
  #principal: { readonly principal: Principal; readonly atMs: number } | null = null
  readonly #asking: SingleFlight<Principal>

  constructor(readonly client: SuperOfficeClient) {
    this.archive = new Archive(client)
    this.lists = new ConsentLists(client)
    this.filterTimes = new FilterTimes(this.archive)
    this.#asking = new SingleFlight((context) => this.principal(context))
  }

  /** Reads the principal and caches it. @throws UpstreamError, AppError */
  async principal(context: CallContext): Promise<Principal> {
    const principal = await currentPrincipal(this.client, context)
    this.#principal = { principal, atMs: Date.now() }
    return principal
  }

  /**
   * Our user and source, which distinguish our own writes from people's. Each process checks once, and again after an
   * hour, that user and database are those of set-up: otherwise our writes would pass for people's acts.
   * @throws UpstreamError `upstream_auth_failed`, see {@link requireSame}; AppError
   */
  async ourselves(facts: SuperOfficeFacts, context: CallContext): Promise<Ourselves> {
    const kept = this.#principal
    const principal =
      kept !== null && Date.now() < kept.atMs + PRINCIPAL_HOLDS_MS
        ? kept.principal
        : await this.#asking.run(context)
    requireSame(principal, facts, this.client.contextIdentifier)
    return {
      associateId: principal.associateId,
      sourceKey: facts.sourceKey ?? DEFAULT_SOURCE_KEY,
      firstVersion: facts.firstVersion ?? null,
    }
  }
}

const INSTALLATIONS = new WeakMap<SuperOfficeClient, Installation>()

/** The process-wide installation of a client. */
export function installationOf(client: SuperOfficeClient): Installation {
  const installation = INSTALLATIONS.get(client) ?? new Installation(client)
  INSTALLATIONS.set(client, installation)
  return installation
}
