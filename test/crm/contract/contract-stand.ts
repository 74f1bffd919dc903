import type {
  CrmDriver,
  CrmFacts,
  CrmClient,
  FactSecrets,
  StepContext,
} from '../../../src/crm/crm.js'
import { Secret } from '../../../src/config/secrets/secret.js'
import { createSecretsVault } from '../../../src/config/secrets/secrets-vault.js'
import type { LegalBasis } from '../../../src/domain/legal-basis.js'
import type { ToggleValue } from '../../../src/domain/reconcile/types.js'
import { factSecrets } from '../../../src/connection/sealed-secrets.js'

/** A consent value of either kind of CRM. */
export type Value = ToggleValue | LegalBasis

/** A person to create in the CRM. Without a value nobody has answered on marketing. */
export interface NewPerson {
  /** The first is the primary one; several only if {@link ContractStand.furtherAddresses}. */
  readonly emails: readonly string[]
  readonly value?: Value
}

/** Faults between the product and the CRM, until {@link ContractStand.mend}. */
export interface ContractFaults {
  /** Every request gets 429 with a wait of this many seconds. */
  throttle(seconds: number): Promise<void>
  /** Every request gets this status, and a body that quotes the text. */
  failWith(status: number, text: string): Promise<void>
  /** No request is answered before the caller disconnects. */
  hang(): Promise<void>
  /** The answer of the next write is lost; `landed`: the write was executed. */
  loseWriteAnswer(landed: boolean): Promise<void>
  /** Only writes of this record are refused. */
  refuseWritesOf(contactId: string): Promise<void>
}

/** A CRM's driver with its stand-in, in the form that the contract's tests need. */
export interface ContractStand {
  readonly driver: CrmDriver
  /** Whether a record may have more than one address. */
  readonly furtherAddresses: boolean
  /** Whether webhooks are available here. */
  readonly postsWebhooks: boolean
  /** Contacts per request here, if fewer than the driver assumes. */
  readonly contactsPerRequest?: number
  /** Whether a webhook's content is signed, not only its sender proven. */
  readonly signsWebhooks: boolean
  /** With the facts that set-up learned. */
  open(facts?: CrmFacts): CrmClient
  /** With credentials that the CRM does not accept. */
  openRefused(): CrmClient
  /** Everything that requests without effect show of the installation; equal before and after checks. */
  shape(): Promise<unknown>
  add(people: readonly NewPerson[]): Promise<readonly string[]>
  /** A CRM user sets the marketing consent. */
  userSets(contactId: string, value: Value): Promise<void>
  /** A CRM user saves the record: its consent stays, and its version changes. */
  userTouches(contactId: string): Promise<void>
  /** The marketing consent gets a value that we do not know. */
  makeUnreadable(contactId: string): Promise<void>
  remove(contactId: string): Promise<void>
  /** The marketing consent, read without the driver; null: missing or unknown. */
  truth(contactId: string): Promise<Value | null>
  /** Requests to the CRM so far. */
  requests(): Promise<number>
  /**
   * Moves the CRM's clock; 0 corrects it. Absent if the stand-in's answers always have this machine's time: then the
   * driver's own tests test clocks.
   */
  readonly skewClock?: (ms: number) => Promise<void>
  readonly faults: ContractFaults
  /** Ends every fault. */
  mend(): Promise<void>
  /** Waits until every webhook so far was posted and answered, or abandoned. */
  drainWebhooks(): Promise<void>
  close(): Promise<void>
}

/** Id of the connection in these tests. */
export const CONNECTION_ID = 'contract'

/** Seals as in production. */
export const SECRETS: FactSecrets = factSecrets(
  createSecretsVault([new Secret('c'.repeat(40))]),
  CONNECTION_ID,
)

/** The options of every session in these tests. */
export function openOptions(facts: CrmFacts) {
  return { connectionId: CONNECTION_ID, facts, allowLoopbackHttp: true, secrets: SECRETS }
}

/** Nothing is chosen; subscriptions if the CRM has them. */
export function stepContext({ driver }: ContractStand): StepContext {
  return { choice: null, subscriptionSync: driver.capabilities.subscriptions }
}

/** This kind of CRM's values for an opt-out and a permission. */
export function valuesOf({ driver }: ContractStand): {
  readonly deny: Value
  readonly allow: Value
} {
  return driver.capabilities.values === 'toggle'
    ? { deny: 'deny', allow: 'allow' }
    : { deny: 'withdrawn', allow: 'consent' }
}

/** A stand that is set up once for a suite; its members are available from `beforeAll` on. */
export interface SetUpStand {
  readonly stand: ContractStand
  readonly facts: CrmFacts
  /** A session that knows the facts. */
  readonly crm: CrmClient
}
