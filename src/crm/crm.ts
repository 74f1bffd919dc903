import type { z } from 'zod'
import { AppError } from '../contracts/app-error.js'
import type { CrmSource } from '../contracts/names.js'
import type { Purpose } from '../domain/legal-basis.js'
import type { BasisMapping } from '../domain/tenant-basis.js'
import type { UpstreamFailure } from '../http/index.js'
import type { CrmFacts, FactSecrets } from './facts.js'
import type {
  HeaderVerdict,
  WebhookRequest,
  WebhookVerdict,
  WebhookInstallation,
  WebhookTarget,
} from './webhooks.js'
import type {
  ActionMeanings,
  PauseMeanings,
  PlannedChange,
  SetupPause,
  StepChoice,
} from '../contracts/setup.js'
import type { CallContext } from '../http/call-context.js'
import type {
  CrmChangePage,
  CrmFieldHistory,
  CrmReading,
  CrmReadRequest,
  CrmSubscription,
  CrmWrite,
  CrmWriteOutcome,
} from './records.js'

export * from './facts.js'
export * from './records.js'
export * from './webhooks.js'

/**
 * What a CRM is to the rest of the system. Workflows, the rule and the sync import only this file and what it
 * re-exports; everything particular to one CRM stays in its folder. A further CRM is one folder, one line in the
 * registry, and its stand-in.
 */

/** What a CRM can do. The sync branches on these, never on the CRM's name. */
export interface CrmCapabilities {
  /** `toggle`: allow or deny on the record (Dynamics). `rich`: the legal basis itself (SuperOffice). */
  readonly values: 'toggle' | 'rich'
  /**
   * Whether the CRM refuses a write of a row that has changed since it was read (F1). If not, rows are read under the
   * lease, as late as possible, and read back after the write. A toggle that cannot refuse needs a rule of its own.
   */
  readonly refusesStaleWrites: boolean
  /** Purposes that are synced (B8, C2). */
  readonly purposes: readonly Purpose[]
  /** Whether subscriptions are synced (D). */
  readonly subscriptions: boolean
  /** Whether a complete delta also proves every row that it does not contain (send gate, freshness). */
  readonly completeDelta: boolean
  /** Whether the CRM may know when, and by whom, a single value was set. */
  readonly fieldHistory: boolean
  /** Contacts that one request proves when read directly; the sync chooses the cheapest proof by it. */
  readonly directReadContactsPerRequest: number
}

/** What opening a connection needs besides its own configuration. */
export interface CrmOpenOptions {
  readonly connectionId: string
  readonly facts: CrmFacts
  /** Allows http on loopback (development and tests only). */
  readonly allowLoopbackHttp: boolean
  /** Opens secrets among the facts; absent if only the credentials are checked. */
  readonly secrets?: FactSecrets
}

/** How a connection file maps the legal bases that a tenant defined in its CRM (C2). */
export interface TenantBases {
  /** The key of the CRM's section that maps them: `legalBases`. */
  readonly key: string
  /** The mapping in a stored section, by the keys that readings hold. */
  mappingIn(section: Readonly<Record<string, unknown>>): BasisMapping
}

/** A CRM as the registry knows it. */
export interface CrmDriver<Config = unknown> {
  readonly crm: string
  readonly capabilities: CrmCapabilities
  /**
   * The connection file's own section (`dynamics`, `superoffice`); its output is `Config`, with every secret resolved.
   */
  readonly configSchema: z.ZodType<Config>
  /** Key of that section. */
  readonly configSection: string
  /** Dotted paths of secrets inside the section; never shown, never stored in the clear. */
  readonly secretPaths: readonly string[]
  /**
   * Paths of URLs inside the section, each with the hosts at which the CRM is known to be: `login.example.com`,
   * `*.example.com`. They must be https, or loopback under the switch. With no known host, the operator must allow the
   * host.
   */
  readonly knownHosts: Readonly<Record<string, readonly string[]>>
  /** Paths inside the section that identify the environment, whatever the credentials. */
  readonly environmentPaths: readonly string[]
  /** How writes to eMarketeer name their source. */
  readonly emarketeerSource: CrmSource
  /** The workflow type that sets it up: `connectionSetup`, or an older name that is still in use. */
  readonly setupWorkflow: 'connectionSetup' | 'dynamicsSetup' | 'superOfficeSetup'
  readonly setupSteps: readonly SetupStep[]
  /** Why its steps wait, beside what every CRM's may wait for (E2). Whatever runs a step puts it into the pause. */
  readonly setupPauses?: PauseMeanings
  /** What Support may decide, beside what every CRM's pauses offer (E3). Whatever runs a step puts it into the pause. */
  readonly setupActions?: ActionMeanings
  open(config: Config, options: CrmOpenOptions): CrmClient
  /** How the connection file maps the bases that the tenant defined in the CRM (C2). Absent: the CRM has none. */
  readonly tenantBases?: TenantBases
  /** Why our credentials were refused and the remedy, for people; absent: a general text is used. */
  explainRefusal?(
    refusal: Pick<UpstreamFailure, 'upstreamCode'> & { readonly detail: string },
  ): string
  /**
   * Rich CRMs whose rows carry times: whether these may decide, by the connection file's section, and whether set-up
   * has measured that each write counts. Absent: rows carry none.
   */
  rowTimes?(
    section: Readonly<Record<string, unknown>>,
    facts: CrmFacts,
  ): { readonly mode: TimesMode; readonly measured: boolean }
  /** The only status that the CRM takes as success of its webhooks; absent: any 2xx, and we answer 202. */
  readonly webhookStatus?: 200
  /** Judges the headers of a webhook in constant time, so that a stranger's body is never read. */
  judgeWebhookHeaders(headers: WebhookRequest['headers'], facts: CrmFacts): HeaderVerdict
  /**
   * Judges a webhook by the connection's facts; compares the secret in constant time.
   * @throws what `secrets.open` throws.
   */
  receiveWebhook(request: WebhookRequest, facts: CrmFacts, secrets?: FactSecrets): WebhookVerdict
}

/** @throws AppError `crm_not_supported`, which names the CRMs of the registry; not retryable. */
export function requireDriver(drivers: ReadonlyMap<string, CrmDriver>, crm: string): CrmDriver {
  const driver = drivers.get(crm)
  if (!driver) {
    const message = `This release does not connect to ${crm}. It connects to ${[...drivers.keys()].join(', ')}.`
    throw new AppError('crm_not_supported', message, { path: 'crm', value: crm })
  }
  return driver
}

/**
 * The CRM hides columns that we read, and null may stand for a hidden value. What was read since may hide answers, so a
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

/** The result of checking a step's subject. */
export type StepVerdict =
  /** Everything is as it should be. `note`: worth mentioning, but no fault (a renamed form). */
  | { readonly state: 'done'; readonly facts?: CrmFacts; readonly note?: string }
  /** Something is missing; `changes` describes what {@link SetupStep.do} would create or change. */
  | { readonly state: 'due'; readonly changes: readonly PlannedChange[] }
  /** Not wanted, or not possible here and not needed: the step ends `skipped` with the reason. */
  | { readonly state: 'skipped'; readonly note: string; readonly facts?: CrmFacts }
  /** The target is uncertain, or a person must provide something (E2). */
  | { readonly state: 'paused'; readonly pause: SetupPause }

/** What a step gets besides the opened connection. */
export interface StepContext extends CallContext {
  /** What Support chose for this step, or null. */
  readonly choice: StepChoice | null
  /** Whether subscriptions are synced; if not, nothing is built for them (D1). */
  readonly subscriptionSync: boolean
}

/**
 * One step of set-up: data for the generic runner, which checks (`verify`), does what is missing (`do`), and checks
 * again. A step may be repeated, and killed at any point. It throws on failure; a {@link SetupPaused} pauses.
 */
export interface SetupStep {
  readonly id: string
  readonly title: string
  /** Usual duration in seconds; percent and time left are computed from it. */
  readonly weight: number
  /** What is missing if Support skips the step, for people; null: it cannot be skipped. */
  readonly without: string | null
  /** Only checks: changes nothing, and also works before earlier steps are done (preview). */
  verify(crm: CrmClient, context: StepContext): Promise<StepVerdict>
  /** Does what is missing. @returns facts to store, merged over the earlier ones. */
  do(crm: CrmClient, context: StepContext): Promise<CrmFacts>
  /**
   * Removes what the step installed; succeeds if nothing is there. Runs in reverse order of the steps.
   * @returns facts to change (null forgets one).
   */
  undo(crm: CrmClient, context: StepContext): Promise<CrmFacts>
}

/** Thrown by `do` if a person has to decide or provide something (E2). */
export class SetupPaused extends Error {
  override readonly name = 'SetupPaused'

  constructor(readonly pause: SetupPause) {
    super(pause.message)
  }
}

/**
 * A pause with the meaning that the CRM's folder defines for its code and for the actions, so that its readers need not
 * know the CRM.
 */
export function withMeaning(
  pause: SetupPause,
  { setupPauses = {}, setupActions = {} }: Pick<CrmDriver, 'setupPauses' | 'setupActions'>,
): SetupPause {
  return { ...pause, ...setupPauses[pause.code], actions: setupActions }
}

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
