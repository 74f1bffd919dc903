import type { CallContext } from '../../http/index.js'
import { Archive } from './archive/archive.js'
import type { SuperOfficeClient } from './client.js'
import { DEFAULT_SOURCE_KEY, type SuperOfficeFacts } from './facts.js'
import { ConsentLists } from './lists.js'
import { currentPrincipal, type Principal } from './principal.js'
import type { Ourselves } from './reading/last-writer.js'

/** What is kept of one installation between sessions: lists, the archive's ways, and who we are there. */
export class Installation {
  readonly archive: Archive
  readonly lists: ConsentLists
  #principal: Principal | null = null

  constructor(readonly client: SuperOfficeClient) {
    this.archive = new Archive(client)
    this.lists = new ConsentLists(client)
  }

  /** Asks who we are, and keeps the answer. @throws UpstreamError, AppError */
  async principal(context: CallContext): Promise<Principal> {
    this.#principal = await currentPrincipal(this.client, context)
    return this.#principal
  }

  /** Our user and source, by which our own writes are told from people's; asked for once where set-up has not. */
  async ourselves(facts: SuperOfficeFacts, context: CallContext): Promise<Ourselves> {
    const known = facts.associateId ?? this.#principal?.associateId
    return {
      associateId: known ?? (await this.principal(context)).associateId,
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
