import { NOTHING_MAPPED, type BasisMapping } from '../../domain/tenant-basis.js'
import type { CallContext } from '../../http/index.js'
import type {
  CategorySyncResult,
  CrmChangePage,
  CrmFacts,
  CrmFieldHistory,
  CrmOpenOptions,
  CrmReading,
  CrmReadRequest,
  CrmClient,
  CrmWrite,
  CrmWriteOutcome,
  TimesMode,
  WebhookInstallation,
  WebhookTarget,
} from '../crm.js'
import type { SuperOfficeClient } from './client.js'
import { readFacts, type SuperOfficeFacts } from './facts.js'
import { type Installation, installationOf } from './installation.js'
import { requireSame } from './principal.js'
import { readChanges } from './reading/changes.js'
import { directRead } from './reading/direct-read.js'
import type { ReadSource } from './reading/read-consents.js'
import { asSetupError } from './setup/pauses.js'
import {
  installWebhooks,
  removeWebhooks,
  tendWebhooks,
  type WebhookOwner,
} from './webhooks/install.js'
import { writeConsents } from './writing/write-consents.js'

/** Choices of the connection file besides sign-in. */
export interface OpenChoices {
  /** A person of the customer's to whom set-up may write, to measure the effect of a write. */
  readonly testPersonId?: number | null
  readonly times?: TimesMode
  /** The mapping of legal bases that the tenant made (C2). */
  readonly basisMapping?: BasisMapping
}

/** An installation of SuperOffice, opened: its client, and what set-up learned about it. */
export class SuperOfficeCrm implements CrmClient {
  readonly installation: Installation
  readonly facts: SuperOfficeFacts
  readonly connectionId: string
  readonly testPersonId: number | null
  readonly basisMapping: BasisMapping
  /** See {@link CrmClient.times}. */
  readonly times: TimesMode
  readonly #source: ReadSource
  readonly #options: CrmOpenOptions

  constructor(
    readonly client: SuperOfficeClient,
    options: CrmOpenOptions,
    choices: OpenChoices = {},
  ) {
    this.testPersonId = choices.testPersonId ?? null
    this.basisMapping = choices.basisMapping ?? NOTHING_MAPPED
    // A section that an earlier release stored has none.
    this.times = choices.times ?? 'auto'
    this.installation = installationOf(client)
    this.facts = readFacts(options.facts)
    this.connectionId = options.connectionId
    this.#options = options
    this.#source = { installation: this.installation, facts: this.facts }
  }

  /** See {@link CrmClient.firstVersion}. */
  get firstVersion(): number | null {
    return this.facts.firstVersion ?? null
  }

  /** See {@link CrmClient.countsWrites}: measuring pauses set-up otherwise. */
  get countsWrites(): boolean {
    return this.facts.measured !== undefined
  }

  /** @throws UpstreamError `upstream_auth_failed` also if another database or user answers. */
  async check(context: CallContext): Promise<void> {
    const principal = await this.installation.principal(context)
    requireSame(principal, this.facts, this.client.contextIdentifier)
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

  /**
   * SuperOffice's subscriptions are separate switches of its own and stay untouched (docs/wire-superoffice.md, 4.4).
   */
  syncCategories(): Promise<CategorySyncResult> {
    return Promise.resolve({ created: 0, updated: 0, foreign: [] })
  }

  /** @throws SetupPaused `authFailed` and `tenantUnavailable`, as set-up steps do; UpstreamError. */
  async installWebhooks(target: WebhookTarget, context: CallContext): Promise<WebhookInstallation> {
    try {
      return await installWebhooks(this.#webhookOwner(), target, context)
    } catch (error) {
      throw asSetupError(error)
    }
  }

  removeWebhooks(context: CallContext): Promise<CrmFacts> {
    return removeWebhooks(this, context)
  }

  async tendWebhooks(context: CallContext): Promise<{ readonly reactivated: boolean }> {
    return tendWebhooks(this.#webhookOwner(), context)
  }

  /** @throws Error if it was opened without the means to seal secrets: our own fault. */
  #webhookOwner(): WebhookOwner {
    const { client, connectionId, facts } = this
    const { secrets, allowLoopbackHttp } = this.#options
    if (secrets === undefined) {
      throw new Error('webhooks need a session that can seal secrets')
    }
    return { client, connectionId, webhook: facts.webhook, secrets, allowLoopbackHttp }
  }
}
