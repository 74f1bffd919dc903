import type { CrmClient, TimesMode } from './session.js'
import type { z } from 'zod'
import { AppError } from '../contracts/app-error.js'
import type { CrmSource } from '../contracts/names.js'
import type { Purpose } from '../domain/legal-basis.js'
import type { BasisMapping } from '../domain/tenant-basis.js'
import type { UpstreamFailure } from '../http/index.js'
import type { CrmFacts, FactSecrets } from './facts.js'
import type { HeaderVerdict, WebhookRequest, WebhookVerdict } from './webhooks.js'
import type { PlannedChange, SetupPause, StepChoice } from '../contracts/setup.js'
import type { CallContext } from '../http/call-context.js'

export * from './facts.js'
export * from './records.js'
export * from './session.js'
export * from './webhooks.js'

/**
 * What a CRM is to the rest of the system. Workflows, the rule and the sync know only this file and those that it passes
 * on; everything particular to one CRM stays in its folder. A further CRM is one folder, one line in the registry, and
 * its stand-in.
 */

/** What a CRM can do; the sync chooses its ways by these, never by the CRM's name. */
export interface CrmCapabilities {
  /**
   * `toggle`: allow/deny on the record (Dynamics); a write of a row that moved is refused (F1). `rich`: the legal basis
   * itself (SuperOffice); a write cannot be refused, so it is read back. A toggle that cannot refuse needs a rule of its own.
   */
  readonly values: 'toggle' | 'rich'
  /** Purposes kept in step (B8, C2). */
  readonly purposes: readonly Purpose[]
  /** Whether subscriptions are kept in step (D). */
  readonly subscriptions: boolean
  /** Whether a complete delta also proves every row that it does not contain (send gate, freshness). */
  readonly completeDelta: boolean
  /** Whether the CRM may tell when, and by whom, a single value was set. */
  readonly fieldHistory: boolean
  /** Contacts that one request proves when read directly; for choosing the cheapest proof. */
  readonly directReadContactsPerRequest: number
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
  /**
   * Paths of addresses inside the section, which must be https (or loopback under the switch), and at which hosts the CRM is
   * known to be: `login.example.com`, `*.example.com`. None known: the operator has to allow it.
   */
  readonly knownHosts: Readonly<Record<string, readonly string[]>>
  /** Paths inside the section that say which environment it is, whoever signs in to it. */
  readonly environmentPaths: readonly string[]
  /** How writes to eMarketeer name their source. */
  readonly emarketeerSource: CrmSource
  /** The workflow type that sets it up: `connectionSetup`, or a name that was given out before there was one for all. */
  readonly setupWorkflow: 'connectionSetup' | 'dynamicsSetup' | 'superOfficeSetup'
  readonly setupSteps: readonly SetupStep[]
  open(config: Config, options: CrmOpenOptions): CrmClient
  /**
   * What a connection file makes of bases that the tenant made in the CRM (C2), by its section as stored; keys in the form
   * in which the readings hold them. Absent: the CRM has none.
   */
  basisMapping?(section: Readonly<Record<string, unknown>>): BasisMapping
  /** What a refusal of our credentials is about, and what to do, in plain words; absent: general ones are given. */
  explainRefusal?(
    refusal: Pick<UpstreamFailure, 'upstreamCode'> & { readonly detail: string },
  ): string
  /**
   * Rich CRMs whose rows carry times: whether these may decide, by the connection file's section, and whether set-up has
   * measured that each write counts. Absent: rows carry none.
   */
  rowTimes?(
    section: Readonly<Record<string, unknown>>,
    facts: CrmFacts,
  ): { readonly mode: TimesMode; readonly measured: boolean }
  /** The one status that the CRM takes for a success of its webhooks; absent: any 2xx, and 202 is given. */
  readonly webhookStatus?: 200
  /** Judges the headers of a webhook, so that the bodies of strangers need not be read; in constant time. */
  judgeWebhookHeaders(headers: WebhookRequest['headers'], facts: CrmFacts): HeaderVerdict
  /**
   * Judges a webhook by the connection's facts; constant-time comparison of the secret.
   * @throws what `secrets.open` throws.
   */
  receiveWebhook(request: WebhookRequest, facts: CrmFacts, secrets?: FactSecrets): WebhookVerdict
}

/**
 * The CRM closes columns that we read, which may show as null: what was read since they were closed may hide answers, so a
 * complete listing is due once they are open. Not retryable before.
 */
export class CrmColumnsClosed extends AppError {
  /** @param message names the columns, for people. @param path the first of them. */
  constructor(message: string, path: string | null) {
    super('crm_privilege_missing', message, { path })
  }
}

/** The CRM no longer knows the change cursor: a complete listing is due. Not retryable with the same cursor. */
export class CrmCursorExpired extends Error {
  override readonly name = 'CrmCursorExpired'
}

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
  /** What Support chose for this step (useForm, useTab, useView, createTab, publishAll), or null. */
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
  /** What is lacking if Support leaves the step out, in plain words; null: it cannot be left out. */
  readonly without: string | null
  /** Looks only: never changes anything, and works also where earlier steps have not been done (preview). */
  verify(crm: CrmClient, context: StepContext): Promise<StepVerdict>
  /** Does what is missing. @returns facts to keep, merged over the earlier ones. */
  do(crm: CrmClient, context: StepContext): Promise<CrmFacts>
  /**
   * Removes what the step installed; nothing there is fine. Run in reverse order of the steps.
   * @returns facts to change (null forgets one).
   */
  undo(crm: CrmClient, context: StepContext): Promise<CrmFacts>
}

/** Thrown by a step that found, while doing, that a person has to decide or to give something (E2). */
export class SetupPaused extends Error {
  override readonly name = 'SetupPaused'

  constructor(readonly pause: SetupPause) {
    super(pause.message)
  }
}
