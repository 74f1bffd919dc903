import type { CallContext } from '../http/call-context.js'
import type { CrmFacts } from './facts.js'
import type {
  CrmChangePage,
  CrmFieldHistory,
  CrmReading,
  CrmReadRequest,
  CrmSubscription,
  CrmWrite,
  CrmWriteOutcome,
} from './records.js'
import type { WebhookInstallation, WebhookTarget } from './webhooks.js'

/** A category as eMarketeer has it. */
export interface Category {
  readonly categoryId: string
  readonly name: string
  readonly archived: boolean
}

/** The result of synchronising the categories. */
export interface CategorySyncResult {
  readonly created: number
  readonly updated: number
  /** Names of categories that someone added in the CRM; they are left alone (D3). */
  readonly foreign: readonly string[]
}

/** `auto`: times of rows decide if they prove something. `never`: only versions do. */
export type TimesMode = 'auto' | 'never'

/** A connection's CRM, opened: an authenticated client plus the installation's facts. */
export interface CrmClient {
  /** Cheapest proof that the credentials work and the environment is the expected one. */
  check(context: CallContext): Promise<void>
  /** Reads contacts and their subscription rows directly. @throws CrmColumnsClosed */
  read(request: CrmReadRequest, context: CallContext): Promise<CrmReading>
  /**
   * Everything that changed since `cursor`; everything if it is null.
   * @throws CrmCursorExpired if the CRM no longer knows the cursor: start again with null; CrmColumnsClosed.
   */
  readChanges(cursor: string | null, context: CallContext): AsyncIterable<CrmChangePage>
  /**
   * CRMs that keep subscriptions: the rows with these ids as they are now; deleted rows are absent. Finds rows that a
   * read by contact misses because their contact is hidden. @throws CrmColumnsClosed
   */
  readSubscriptions?(
    rowIds: readonly string[],
    context: CallContext,
  ): Promise<readonly CrmSubscription[]>
  /** Writes in the given order, tightening first; one outcome per write, in the same order. */
  write(writes: readonly CrmWrite[], context: CallContext): Promise<readonly CrmWriteOutcome[]>
  /** Field history of the marketing toggle. Contacts without provable history are absent. */
  readFieldHistory(
    contactIds: readonly string[],
    context: CallContext,
  ): Promise<readonly CrmFieldHistory[]>
  /** Makes the CRM's categories those of eMarketeer (D3). */
  syncCategories(categories: readonly Category[], context: CallContext): Promise<CategorySyncResult>
  /** Makes the CRM post changes to the gateway; safe to repeat. */
  installWebhooks(target: WebhookTarget, context: CallContext): Promise<WebhookInstallation>
  /** Ends that; succeeds if nothing is there. @returns facts to change (null forgets one). */
  removeWebhooks(context: CallContext): Promise<CrmFacts>
  /**
   * For a CRM that switches a webhook off after failures: checks, and switches it on again. Called by the sweep.
   * @returns whether it was off.
   */
  tendWebhooks?(context: CallContext): Promise<{ readonly reactivated: boolean }>
  /** Rich CRMs: the version of a newly inserted row, as set-up measured it; null: not measured. */
  readonly firstVersion?: number | null
  /** Rich CRMs: set-up has measured that each write counts one. Absent or false: not measured. */
  readonly countsWrites?: boolean
  /** Rich CRMs: whether times of rows may decide (connection file). Absent: `auto`. */
  readonly times?: TimesMode
}
