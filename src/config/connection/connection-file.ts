import { z } from 'zod'
import type { Secret } from '../secrets/secret.js'
import { CONNECTION_ID, CONNECTION_ID_WORDS } from '../../contracts/inputs.js'

/** Where a secret comes from: a variable of the process (only its name is stored), or the file itself. */
export type SecretSource = { readonly env: string } | { readonly literal: Secret }

/** What a connection is to do, without its CRM's section. */
export type ConnectionSettings = z.output<typeof connectionSettingsSchema>

/** A checked connection file. Its secrets are separate, by their dotted path in the file. */
export interface ConnectionFile extends ConnectionSettings {
  /** Key of the CRM's own section: `dynamics`. */
  readonly sectionName: string
  /** That section as the driver's schema returned it, without its secrets. */
  readonly section: Readonly<Record<string, unknown>>
  /** `dynamics.clientSecret`, `emarketeer.publicApiKey`. */
  readonly secrets: Readonly<Record<string, SecretSource>>
}

/** Path of the account's public API key. */
export const PUBLIC_API_KEY_PATH = 'emarketeer.publicApiKey'

const DEFAULT_NEWLY_MAILABLE_LIMIT = 100

/** More contacts than any account has; a larger number is a typing error. */
const MAX_NEWLY_MAILABLE_LIMIT = 10_000_000

/**
 * Subscription rows written a day (D3). Dataverse counts every row that an application writes against an entitlement
 * that starts at 40,000 a day; half of it is left for the customer's own use.
 */
const DEFAULT_SUBSCRIPTION_ROWS_PER_DAY = 20_000

/** Limit of the ledger's column, far above any entitlement. */
const MAX_SUBSCRIPTION_ROWS_PER_DAY = 2_000_000_000

const trueOrFalse = z.boolean('must be true or false')

/**
 * The part of a connection file that is the same for every CRM, without the CRM's section and the secrets.
 * `legalBasisSync` has no default, because sync is chosen when the integration is set up (C7).
 */
export const connectionSettingsSchema = z.strictObject({
  connectionId: z.string('must be text').regex(CONNECTION_ID, CONNECTION_ID_WORDS),
  accountId: z
    .string('must be text, in quotes')
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "-" and "_"'),
  /** The reader of a file checks that it is the name of a driver; this schema names no CRM. */
  crm: z.string('must be text').min(1, 'must not be empty'),
  legalBasisSync: trueOrFalse,
  subscriptionSync: trueOrFalse.default(false),
  createMissing: z.enum(['none', 'emarketeer'], 'must be none or emarketeer').default('none'),
  newlyMailableLimit: z
    .int('must be a whole number')
    .min(0, 'must not be negative')
    .max(MAX_NEWLY_MAILABLE_LIMIT, `must be at most ${MAX_NEWLY_MAILABLE_LIMIT}`)
    .default(DEFAULT_NEWLY_MAILABLE_LIMIT),
  subscriptionRowsPerDay: z
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(MAX_SUBSCRIPTION_ROWS_PER_DAY, `must be at most ${MAX_SUBSCRIPTION_ROWS_PER_DAY}`)
    .default(DEFAULT_SUBSCRIPTION_ROWS_PER_DAY),
})
