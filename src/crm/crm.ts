import type { z } from 'zod'
import type { CallContext } from '../http/call-context.js'
import type { UpstreamFailure } from '../http/index.js'
import type { PlannedChange, SetupPause, StepChoice } from '../contracts/setup.js'
import type { LegalBasis, Purpose } from '../domain/legal-basis.js'
import type { LastWriter, Stamp, ToggleValue } from '../domain/reconcile/types.js'

/**
 * What a CRM is to the rest of the system. Workflows, the rule and the sync know only this file; everything
 * particular to one CRM stays in its folder. A further CRM is one folder, one line in the registry, and its stand-in.
 */

/** What a CRM can do; the sync chooses its ways by these, never by the CRM's name. */
export interface CrmCapabilities {
  /** `toggle`: allow/deny on the record (Dynamics). `rich`: the legal basis itself (SuperOffice). */
  readonly values: 'toggle' | 'rich'
  /** Purposes kept in step (B8, C2). */
  readonly purposes: readonly Purpose[]
  /** Whether subscriptions are kept in step (D). */
  readonly subscriptions: boolean
  /** Whether a write can be refused when the row moved (F1). */
  readonly conditionalWrite: boolean
  /** Whether a complete delta also proves every row that it does not contain (send gate, freshness). */
  readonly completeDelta: boolean
  /** Whether the CRM may tell when, and by whom, a single value was set. */
  readonly fieldHistory: boolean
  /** Contacts that one request proves when read directly; for choosing the cheapest proof. */
  readonly directReadContactsPerRequest: number
}

/** One consent value of one record. `value` null = unreadable (column gone, no right, null): unknown, no write. */
export interface CrmConsent {
  readonly value: ToggleValue | LegalBasis | null
  /** For conditional writes and for "moved"; equality only. */
  readonly version: string
  readonly lastWriter: LastWriter
  /** Rich CRMs carry it on the row; toggle CRMs tell it through {@link CrmSession.readFieldHistory}. */
  readonly stamp: Stamp | null
}

/** Whether a record counts. Only `live` ones take part in the rule; the others end or move the link (F5). */
export type CrmContactState = 'live' | 'deactivated' | 'merged'

/** A contact as read. */
export interface CrmContact {
  readonly contactId: string
  /** The primary address as the CRM holds it, not normalised. */
  readonly email: string | null
  /**
   * Further addresses of the record (SuperOffice). There it counts as a deny while withdrawn, never as an allow, and
   * only the primary address's cell writes it (C5). Empty where a CRM has one address a record.
   */
  readonly otherEmails: readonly string[]
  readonly state: CrmContactState
  /** The surviving record when `state` is `merged`. */
  readonly mergedInto: string | null
  /** When the record was registered (Unix ms): the oldest is the one that a rich CRM is read from (C5). */
  readonly registeredAtMs: number | null
  readonly consents: Partial<Readonly<Record<Purpose, CrmConsent>>>
}

/** A contact's subscription to a category, as a row of the CRM. */
export interface CrmSubscription {
  readonly rowId: string
  readonly contactId: string
  /** eMarketeer's category id; null: a category that someone added in the CRM, reported and ignored (D3). */
  readonly categoryId: string | null
  /** null = unknown, neither Yes nor No. */
  readonly subscribed: boolean | null
  readonly version: string
  /** A row that a merge brought from another contact: its No counts, then it is deleted. */
  readonly foreign: boolean
}

/** What a direct read answers. */
export interface CrmReading {
  readonly contacts: readonly CrmContact[]
  readonly subscriptions: readonly CrmSubscription[]
  /** Ids that were asked for and do not exist any more. Empty when read by e-mail. */
  readonly missingContactIds: readonly string[]
}

/** Which contacts to read: by their own ids, or everybody at these addresses. At most 1,000. */
export type CrmReadRequest =
  | { readonly by: 'contactId'; readonly contactIds: readonly string[] }
  | { readonly by: 'email'; readonly emails: readonly string[] }

/** One page of changes. What a page does not contain is neither deleted nor withdrawn (F3). */
export interface CrmChangePage {
  readonly contacts: readonly CrmContact[]
  readonly subscriptions: readonly CrmSubscription[]
  readonly deletedContactIds: readonly string[]
  readonly deletedSubscriptionRowIds: readonly string[]
  /** True where this is a complete listing from nothing and not a delta. */
  readonly baseline: boolean
  /** On the last page: the cursor to store once every page was handled; else null. */
  readonly nextCursor: string | null
}

/** One conditional write. */
export type CrmWrite =
  | {
      readonly kind: 'consent'
      readonly contactId: string
      readonly purpose: Purpose
      readonly value: ToggleValue | LegalBasis
      readonly expectedVersion: string
    }
  | {
      readonly kind: 'subscription'
      readonly rowId: string
      readonly subscribed: boolean
      readonly expectedVersion: string
    }
  | {
      /** Only for rows known to be absent. */
      readonly kind: 'createSubscription'
      readonly contactId: string
      readonly categoryId: string
      readonly categoryName: string
      readonly subscribed: boolean
    }
  | {
      readonly kind: 'deleteSubscription'
      readonly rowId: string
      readonly expectedVersion: string
    }

/** What became of one write. Expected outcomes are values, not errors. */
export type CrmWriteOutcome =
  /** `version` null: applied, version not told; the row must be read before it proves anything. */
  | {
      readonly status: 'applied'
      readonly version: string | null
      readonly rowId: string | null
      /**
       * Where the CRM cannot refuse a stale write: the value as read back after ours (value, version, last writer),
       * which may be somebody else's already. Absent: the write itself was conditional.
       */
      readonly readBack?: CrmConsent
    }
  /** The row moved: read and decide again, at once. */
  | { readonly status: 'conflict' }
  /** The record is gone. */
  | { readonly status: 'gone' }
  /** This row alone is refused (a customer's plug-in, a bad value): isolated, reported, not retried blindly. */
  | { readonly status: 'refused'; readonly upstreamCode: string | null }
  /** The answer was lost; it may have been applied, or may still land. */
  | { readonly status: 'unknown'; readonly error: Error }
  /** Not sent because an earlier part of the same call failed as a whole (429, auth, unreachable). */
  | { readonly status: 'notSent'; readonly error: Error }

/** When and by whom a value was set, as the CRM's own history tells. */
export interface CrmFieldHistory {
  readonly contactId: string
  readonly value: ToggleValue
  readonly atMs: number
  readonly epsMs: number
  /** The CRM's user id, or null. */
  readonly userId: string | null
}

/** A category as eMarketeer has it. */
export interface Category {
  readonly categoryId: string
  readonly name: string
  readonly archived: boolean
}

/** What bringing the categories in step did. `foreignRows`: categories that someone added in the CRM (D3). */
export interface CategorySyncResult {
  readonly created: number
  readonly updated: number
  readonly foreignRows: number
}

/** Facts about the installation that set-up learned (set names, ids, hashes): JSON, owned by the CRM's folder. */
export type CrmFacts = Readonly<Record<string, unknown>>

/** What a look at a step's subject came to. */
export type StepVerdict =
  /** Everything is there as it should be. `note`: something worth telling that is no fault (a renamed form). */
  | { readonly state: 'done'; readonly facts?: CrmFacts; readonly note?: string }
  /** Something is missing; `changes` says in plain words what {@link SetupStep.do} would create or change. */
  | { readonly state: 'due'; readonly changes: readonly PlannedChange[] }
  /** Not wanted, or not possible here and not needed: the step ends `skipped` with the reason. */
  | { readonly state: 'skipped'; readonly note: string; readonly facts?: CrmFacts }
  /** The target is not certain, or something is missing that only a person can give (E2). */
  | { readonly state: 'paused'; readonly pause: SetupPause }

/** What a step is given beside the opened connection. */
export interface StepContext extends CallContext {
  /** What Support chose for this step (useForm, useTab, useView, createTab), or null. */
  readonly choice: StepChoice | null
  /** Whether subscriptions are kept in step: without them nothing is built for them (D1). */
  readonly subscriptionSync: boolean
}

/**
 * One step of set-up: data for the generic runner, which looks (`verify`), does what is missing (`do`), and looks
 * again. Each is safe to repeat and to kill anywhere. A failure is thrown; a {@link SetupPaused} pauses.
 */
export interface SetupStep {
  readonly id: string
  readonly title: string
  /** Seconds that it usually takes; shares of the whole for percent and time left. */
  readonly weight: number
  /** Looks only: never changes anything, and works also where earlier steps have not been done (preview). */
  verify(session: CrmSession, context: StepContext): Promise<StepVerdict>
  /** Does what is missing. @returns facts to keep, merged over the earlier ones. */
  do(session: CrmSession, context: StepContext): Promise<CrmFacts>
  /**
   * Removes what the step installed; nothing there is fine. Run in reverse order of the steps.
   * @returns facts to change (null forgets one).
   */
  undo(session: CrmSession, context: StepContext): Promise<CrmFacts>
}

/** Thrown by a step that found, while doing, that a person has to decide or to give something (E2). */
export class SetupPaused extends Error {
  override readonly name = 'SetupPaused'

  constructor(readonly pause: SetupPause) {
    super(pause.message)
  }
}

/** A connection's CRM, opened: authenticated client plus the installation's facts. */
export interface CrmSession {
  /** Cheapest proof that the credentials work and the environment is the one expected. */
  check(context: CallContext): Promise<void>
  /** Reads contacts and their subscription rows directly. */
  read(request: CrmReadRequest, context: CallContext): Promise<CrmReading>
  /**
   * Everything that changed since `cursor`; from nothing when it is null.
   * @throws CrmCursorExpired when the CRM no longer knows the cursor: start again with null.
   */
  readChanges(cursor: string | null, context: CallContext): AsyncIterable<CrmChangePage>
  /** Writes in the order given, tightening first; one outcome a write, in the same order. */
  write(writes: readonly CrmWrite[], context: CallContext): Promise<readonly CrmWriteOutcome[]>
  /** Field history of the marketing toggle. Contacts of which nothing is provable are absent. */
  readFieldHistory(
    contactIds: readonly string[],
    context: CallContext,
  ): Promise<readonly CrmFieldHistory[]>
  /** Makes the CRM's categories those of eMarketeer (D3). */
  syncCategories(categories: readonly Category[], context: CallContext): Promise<CategorySyncResult>
  /** Makes the CRM post changes to the gateway; safe to repeat. */
  installWebhooks(target: WebhookTarget, context: CallContext): Promise<WebhookInstallation>
  /** Ends that; nothing there is fine. @returns facts to change (null forgets one). */
  removeWebhooks(context: CallContext): Promise<CrmFacts>
  /**
   * Where the CRM switches a webhook off after failures: looks, and switches it on again. Called by the sweep.
   * @returns whether it had to.
   */
  tendWebhooks?(context: CallContext): Promise<{ readonly reactivated: boolean }>
  /** Rich CRMs: the version of a row that was just inserted, as set-up measured it; null: not measured. */
  readonly firstVersion?: number | null
}

/** Whether changes are posted to us. Not installed is no fault: the sweep alone suffices, and status says so. */
export interface WebhookInstallation {
  readonly installed: boolean
  /** Why not, in plain words; null where installed. */
  readonly reason: string | null
  readonly facts: CrmFacts
}

/** Where the CRM is to post changes. */
export interface WebhookTarget {
  readonly url: string
  /**
   * Stores facts at once. A CRM may try the address, signed, while it is being registered: what such a call is judged
   * by has to be stored before.
   */
  keep(facts: CrmFacts): Promise<void>
}

/** Seals a connection's own secrets for its facts, which are stored in the clear, and opens them. */
export interface FactSecrets {
  seal(plain: string): string
  /** @throws AppError `environment_invalid`, `value_invalid`: sealed under a key that is gone, or altered. */
  open(sealed: string): string
}

/** What a webhook says, reduced to ids: the body is only a hint, the record is fetched back. */
export interface CrmWebhookHint {
  readonly entity: 'contact' | 'subscription'
  readonly entityId: string
  /** Known when the event carries it; else the row is read to find it. */
  readonly contactId: string | null
  /** The CRM user whose action this was, only when the event carried the consent value itself. */
  readonly actorUserId: string | null
  /** The event carried a deny: counts at the send gate until it is handled (G7). */
  readonly saysDeny: boolean
  /** The CRM's id of this event, for de-duplication; null where it has none. */
  readonly eventId: string | null
}

/** A webhook call as it came in. Header names in lower case. */
export interface WebhookRequest {
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

/** Accepted hints, or the catalogue code of the refusal. */
export type WebhookVerdict =
  | { readonly accepted: true; readonly hints: readonly CrmWebhookHint[] }
  | {
      readonly accepted: false
      readonly code: 'webhook_unauthorized' | 'webhook_malformed' | 'webhook_wrong_organization'
    }

/** What opening a connection needs besides its own configuration. */
export interface CrmOpenOptions {
  readonly connectionId: string
  readonly facts: CrmFacts
  /** Whether http on loopback is allowed (trying out and tests only). */
  readonly allowLoopbackHttp: boolean
  /** For secrets among the facts; absent where only the credentials are tried. */
  readonly secrets?: FactSecrets
}

/** A CRM as the registry knows it. `Config` has every secret resolved. */
export interface CrmDriver<Config = unknown> {
  readonly crm: string
  readonly capabilities: CrmCapabilities
  /** The connection file's own section (`dynamics`, `superoffice`), secrets already resolved. */
  readonly configSchema: z.ZodType<Config>
  /** Key of that section. */
  readonly configSection: string
  /** Dotted paths of secrets inside the section; never shown, never stored in the clear. */
  readonly secretPaths: readonly string[]
  /** Paths of addresses inside the section that must be https (or loopback under the switch). */
  readonly urlPaths: readonly string[]
  /** Paths inside the section that say which environment it is, whoever signs in to it. */
  readonly environmentPaths: readonly string[]
  /** How writes to eMarketeer name their source. */
  readonly emarketeerSource: 'crmDynamics' | 'crmSuperOffice'
  readonly setupWorkflow: string
  readonly setupSteps: readonly SetupStep[]
  open(config: Config, options: CrmOpenOptions): CrmSession
  /** What a refusal of our credentials is about, and what to do, in plain words; absent: general ones are given. */
  explainRefusal?(
    refusal: Pick<UpstreamFailure, 'upstreamCode'> & { readonly detail: string },
  ): string
  /** The one status that the CRM takes for a success of its webhooks; absent: any 2xx, and 202 is given. */
  readonly webhookStatus?: 200
  /**
   * Judges a webhook by the connection's facts; constant-time comparison of the secret.
   * @throws what `secrets.open` throws.
   */
  receiveWebhook(request: WebhookRequest, facts: CrmFacts, secrets?: FactSecrets): WebhookVerdict
}

/** The CRM no longer knows the change cursor: a complete listing is due. Not retryable with the same cursor. */
export class CrmCursorExpired extends Error {
  override readonly name = 'CrmCursorExpired'
}
