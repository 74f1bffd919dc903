import { type CallContext, SingleFlight } from '../../http/index.js'
import { Archive } from './archive/archive.js'
import type { SuperOfficeClient } from './client.js'
import { DEFAULT_SOURCE_KEY, type SuperOfficeFacts } from './facts.js'
import { ConsentLists } from './lists.js'
import { currentPrincipal, type Principal, requireSame } from './principal.js'
import { FilterTimes } from './reading/filter-times.js'
import type { Ourselves } from './reading/consent-row.js'

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
