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

/** Somebody to be in the CRM. Without a value nobody has said anything about marketing. */
export interface NewPerson {
  /** The first is the primary one; more than one only where {@link ContractStand.furtherAddresses}. */
  readonly emails: readonly string[]
  readonly value?: Value
}

/** What goes wrong between the product and the CRM, until {@link ContractStand.mend}. */
export interface ContractFaults {
  /** Every request is turned away: 429, to be tried again after so many seconds. */
  throttle(seconds: number): Promise<void>
  /** Every request is answered with this status, and a body that quotes the text. */
  failWith(status: number, text: string): Promise<void>
  /** No request is answered before the caller goes. */
  hang(): Promise<void>
  /** The answer of the next write is lost; the write itself was carried out, or not. */
  loseWriteAnswer(landed: boolean): Promise<void>
  /** Writes of this record alone are refused. */
  refuseWritesOf(contactId: string): Promise<void>
}

/** A CRM's driver together with its stand-in, as the contract's tests need them. */
export interface ContractStand {
  readonly driver: CrmDriver
  /** Whether a record may have more than one address. */
  readonly furtherAddresses: boolean
  /** Whether webhooks are to be had here. */
  readonly postsWebhooks: boolean
  /** Contacts that one request reads here, where it is fewer than the driver reckons with. */
  readonly contactsPerRequest?: number
  /** Whether what a webhook says is signed, and not only who says it. */
  readonly signsWebhooks: boolean
  /** With facts, as set-up has learned them. */
  open(facts?: CrmFacts): CrmClient
  /** With credentials that the CRM does not take. */
  openRefused(): CrmClient
  /** Everything that a request without effect may show of the installation; equal before and after mere looking. */
  shape(): Promise<unknown>
  add(people: readonly NewPerson[]): Promise<readonly string[]>
  /** A CRM user sets the marketing consent. */
  userSets(contactId: string, value: Value): Promise<void>
  /** A CRM user saves the record: its consent stays, its version moves. */
  userTouches(contactId: string): Promise<void>
  /** The marketing consent becomes something that we do not know. */
  makeUnreadable(contactId: string): Promise<void>
  remove(contactId: string): Promise<void>
  /** The marketing consent past the driver; null: not there or not known. */
  truth(contactId: string): Promise<Value | null>
  /** Requests that the CRM has had so far. */
  requests(): Promise<number>
  /**
   * Moves the CRM's clock; 0 sets it right. Absent where the stand-in's answers always have this machine's time: then
   * the driver's own tests hold it to clocks.
   */
  readonly skewClock?: (ms: number) => Promise<void>
  readonly faults: ContractFaults
  /** Ends every fault. */
  mend(): Promise<void>
  /** Waits until every webhook so far was posted and answered, or given up. */
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

/** What every session of these tests is opened with. */
export function openOptions(facts: CrmFacts) {
  return { connectionId: CONNECTION_ID, facts, allowLoopbackHttp: true, secrets: SECRETS }
}

/** Nothing chosen; subscriptions where the CRM has them. */
export function stepContext({ driver }: ContractStand): StepContext {
  return { choice: null, subscriptionSync: driver.capabilities.subscriptions }
}

/** What this kind of CRM calls an opt-out, and a permission. */
export function valuesOf({ driver }: ContractStand): {
  readonly deny: Value
  readonly allow: Value
} {
  return driver.capabilities.values === 'toggle'
    ? { deny: 'deny', allow: 'allow' }
    : { deny: 'withdrawn', allow: 'consent' }
}

/** A stand, set up once for a suite; its members are there from `beforeAll` on. */
export interface SetUpStand {
  readonly stand: ContractStand
  readonly facts: CrmFacts
  /** A session that knows the facts. */
  readonly crm: CrmClient
}
