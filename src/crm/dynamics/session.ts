import { type CallContext, requireSecureUrl } from '../../http/index.js'
import type {
  Category,
  CategorySyncResult,
  CrmChangePage,
  CrmFacts,
  CrmFieldHistory,
  CrmOpenOptions,
  CrmReading,
  CrmReadRequest,
  CrmClient,
  CrmSubscription,
  CrmWrite,
  CrmWriteOutcome,
  WebhookInstallation,
  WebhookTarget,
} from '../crm.js'
import { tokenSource } from './auth/token-source.js'
import { syncCategories } from './categories/sync-categories.js'
import { DataverseClient } from './client.js'
import type { DynamicsConfig } from './config.js'
import { type DynamicsFacts, readFacts, subscriptionTables } from './facts.js'
import { FieldHistory } from './history/field-history.js'
import { environmentHttp } from './http-clients.js'
import { CategoryMap } from './reading/category-map.js'
import { type ChangeSource, readChanges } from './reading/changes.js'
import { ColumnGuard } from './reading/column-guard.js'
import { directRead, readRows } from './reading/direct-read.js'
import { asSetupError } from './setup/pauses.js'
import { installWebhooks, removeWebhooks, tendWebhooks } from './webhooks/install.js'
import { whoAmI, wrongEnvironment } from './who-am-i.js'
import { writeRows } from './writing/write-rows.js'

/** A Dynamics environment, opened: the client, the facts, and the caches of one session. */
export class DynamicsCrm implements CrmClient {
  readonly client: DataverseClient
  readonly facts: DynamicsFacts
  readonly connectionId: string
  readonly #source: ChangeSource
  readonly #history: FieldHistory
  readonly #guard: ColumnGuard

  constructor(config: DynamicsConfig, options: CrmOpenOptions) {
    for (const name of ['environmentUrl', 'authorityHost'] as const) {
      requireSecureUrl(config[name], `dynamics.${name}`, options.allowLoopbackHttp)
    }
    this.client = new DataverseClient(
      environmentHttp(config.environmentUrl),
      tokenSource(config),
      config.environmentUrl,
    )
    this.facts = readFacts(options.facts)
    this.connectionId = options.connectionId
    const tables = subscriptionTables(this.facts)
    this.#source = {
      client: this.client,
      tables,
      categories: tables === null ? null : new CategoryMap(this.client, tables.categories),
    }
    const userId = this.facts.organization?.userId ?? null
    this.#history = new FieldHistory(this.client, userId)
    this.#guard = new ColumnGuard(this.client, userId, tables)
  }

  async check(context: CallContext): Promise<void> {
    const { organizationId } = await whoAmI(this.client, context)
    const expected = this.facts.organization?.organizationId
    if (expected !== undefined && expected !== organizationId) {
      throw wrongEnvironment()
    }
  }

  async read(request: CrmReadRequest, context: CallContext): Promise<CrmReading> {
    await this.#guard.pass(context)
    return directRead(this.#source, request, context)
  }

  async readSubscriptions(
    rowIds: readonly string[],
    context: CallContext,
  ): Promise<readonly CrmSubscription[]> {
    await this.#guard.pass(context)
    return readRows(this.#source, rowIds, context)
  }

  async *readChanges(cursor: string | null, context: CallContext): AsyncGenerator<CrmChangePage> {
    await (cursor === null ? this.#guard.passUncached(context) : this.#guard.pass(context))
    yield* readChanges(this.#source, cursor, context)
  }

  write(writes: readonly CrmWrite[], context: CallContext): Promise<readonly CrmWriteOutcome[]> {
    return writeRows(this.#source, this.facts, writes, context)
  }

  readFieldHistory(
    contactIds: readonly string[],
    context: CallContext,
  ): Promise<readonly CrmFieldHistory[]> {
    return this.#history.read(contactIds, context)
  }

  syncCategories(
    categories: readonly Category[],
    context: CallContext,
  ): Promise<CategorySyncResult> {
    return syncCategories(this.client, this.facts, categories, context)
  }

  /** @throws SetupPaused `privilegeMissing` and `authFailed`, as set-up steps do; UpstreamError. */
  async installWebhooks(target: WebhookTarget, context: CallContext): Promise<WebhookInstallation> {
    try {
      return await installWebhooks(this.client, this.facts, this.connectionId, target, context)
    } catch (error) {
      throw asSetupError(error, this.facts)
    }
  }

  removeWebhooks(context: CallContext): Promise<CrmFacts> {
    return removeWebhooks(this.client, this.facts, this.connectionId, context)
  }

  tendWebhooks(context: CallContext): Promise<{ readonly reactivated: boolean }> {
    return tendWebhooks(this.client, this.facts, context)
  }
}
