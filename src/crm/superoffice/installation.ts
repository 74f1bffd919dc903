import type { CallContext } from '../../http/index.js'
import { Archive } from './archive/archive.js'
import type { SuperOfficeClient } from './client.js'
import { DEFAULT_SOURCE_KEY, type SuperOfficeFacts } from './facts.js'
import { ConsentLists } from './lists.js'
import { currentPrincipal, type Principal, requireSame } from './principal.js'
import { FilterTimes } from './reading/filter-times.js'
import type { Ourselves } from './reading/last-writer.js'
import { SingleFlight } from './single-flight.js'

/** A ticket may come to stand for another user without our doing. */
const PRINCIPAL_HOLDS_MS = 3_600_000

/** What is kept of one installation between sessions: lists, the archive's ways, and who we are there. */
export class Installation {
  readonly archive: Archive
  readonly lists: ConsentLists
  readonly filterTimes: FilterTimes
  #principal: { readonly told: Principal; readonly atMs: number } | null = null
  readonly #asking: SingleFlight<Principal>

  constructor(readonly client: SuperOfficeClient) {
    this.archive = new Archive(client)
    this.lists = new ConsentLists(client)
    this.filterTimes = new FilterTimes(this.archive)
    this.#asking = new SingleFlight((context) => this.principal(context))
  }

  /** Asks who we are, and keeps the answer. @throws UpstreamError, AppError */
  async principal(context: CallContext): Promise<Principal> {
    const told = await currentPrincipal(this.client, context)
    this.#principal = { told, atMs: Date.now() }
    return told
  }

  /**
   * Our user and source, by which our own writes are told from people's. That it is the user, and the database, of
   * set-up is looked at once by each process, and again after an hour: else what we write is taken for people's acts.
   *
   * @throws UpstreamError `upstream_auth_failed`, see {@link requireSame}; AppError
   */
  async ourselves(facts: SuperOfficeFacts, context: CallContext): Promise<Ourselves> {
    const kept = this.#principal
    const principal =
      kept !== null && Date.now() < kept.atMs + PRINCIPAL_HOLDS_MS
        ? kept.told
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

/** The process-wide one of a client. */
export function installationOf(client: SuperOfficeClient): Installation {
  const installation = INSTALLATIONS.get(client) ?? new Installation(client)
  INSTALLATIONS.set(client, installation)
  return installation
}
