import type { CallContext } from '../../http/index.js'
import type {
  CategorySyncResult,
  CrmChangePage,
  CrmFacts,
  CrmFieldHistory,
  CrmOpenOptions,
  CrmReading,
  CrmReadRequest,
  CrmSession,
  CrmWrite,
  CrmWriteOutcome,
  WebhookInstallation,
  WebhookTarget,
} from '../crm.js'
import type { SuperOfficeClient } from './client.js'
import { readFacts, type SuperOfficeFacts } from './facts.js'
import { type Installation, installationOf } from './installation.js'
import { readChanges } from './reading/changes.js'
import { directRead } from './reading/direct-read.js'
import type { ReadSource } from './reading/read-consents.js'
import { wrongEnvironment } from './wrong-environment.js'
import { writeConsents } from './writing/write-consents.js'

/** An installation of SuperOffice, opened: its client, and what set-up learned of it. */
export class SuperOfficeSession implements CrmSession {
  readonly installation: Installation
  readonly facts: SuperOfficeFacts
  readonly connectionId: string
  readonly #source: ReadSource

  constructor(
    readonly client: SuperOfficeClient,
    options: CrmOpenOptions,
    /** A person of the customer's whom set-up may write to, to measure what a write does. */
    readonly testPersonId: number | null = null,
  ) {
    this.installation = installationOf(client)
    this.facts = readFacts(options.facts)
    this.connectionId = options.connectionId
    this.#source = { installation: this.installation, facts: this.facts }
  }

  /** See {@link CrmSession.firstVersion}. */
  get firstVersion(): number | null {
    return this.facts.firstVersion ?? null
  }

  /** @throws UpstreamError `upstream_auth_failed` also where another database or user answers. */
  async check(context: CallContext): Promise<void> {
    const { associateId, databaseContextIdentifier } = await this.installation.principal(context)
    const named = (text: string | null | undefined) => text?.toLowerCase() ?? null
    const seen = named(databaseContextIdentifier)
    const expected = [this.client.contextIdentifier, this.facts.databaseContextIdentifier]
    if (seen !== null && expected.some((one) => (named(one) ?? seen) !== seen)) {
      throw wrongEnvironment('database')
    }
    if ((this.facts.associateId ?? associateId) !== associateId) {
      throw wrongEnvironment('user')
    }
  }

  read(request: CrmReadRequest, context: CallContext): Promise<CrmReading> {
    return directRead(this.#source, request, context)
  }

  readChanges(cursor: string | null, context: CallContext): AsyncIterable<CrmChangePage> {
    return readChanges(this.#source, cursor, context)
  }

  write(writes: readonly CrmWrite[], context: CallContext): Promise<readonly CrmWriteOutcome[]> {
    return writeConsents(this.#source, writes, context)
  }

  /** The row itself carries its stamp. */
  readFieldHistory(): Promise<readonly CrmFieldHistory[]> {
    return Promise.resolve([])
  }

  /** SuperOffice's subscriptions are separate switches of its own, and are not touched (docs/wire-superoffice.md, 4.4). */
  syncCategories(): Promise<CategorySyncResult> {
    return Promise.resolve({ created: 0, updated: 0, foreignRows: 0 })
  }

  installWebhooks(_target: WebhookTarget, _context: CallContext): Promise<WebhookInstallation> {
    const reason = 'This release does not install webhooks in SuperOffice; the sweep suffices.'
    return Promise.resolve({ installed: false, reason, facts: {} })
  }

  removeWebhooks(_context: CallContext): Promise<CrmFacts> {
    return Promise.resolve({})
  }
}
