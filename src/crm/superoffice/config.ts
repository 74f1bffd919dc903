import { z } from 'zod'
import { legalBasesSchema } from './basis-mapping.js'

const address = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''))

/**
 * A person of the customer's on whom set-up may measure the effect of a write on a consent (docs/setup-superoffice.md).
 */
const testPersonId = z.int().positive().optional()

const legalBases = legalBasesSchema.optional()
/**
 * Whether times of consents may decide which act was later; absent: `auto` (docs/reconciliation.md, "Stamps of
 * SuperOffice").
 */
const times = z.enum(['auto', 'never']).optional()

/** The connection file's section `superoffice` for SuperOffice Online, secrets resolved. */
export const onlineConfigSchema = z
  .strictObject({
    /** Production, stage or development. */
    environment: z.enum(['online', 'qaonline', 'sod']).default('online'),
    /** Issues tickets and reports the tenant's status; never the host of the API itself. */
    loginHost: address.optional(),
    /** The tenant, e.g. `Cust12345`. */
    contextIdentifier: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    /** The application's secret; sent with every call as `SO-AppToken`. */
    clientSecret: z.string().min(1),
    /** Issued when the tenant's administrator approved the application. */
    systemUserToken: z.string().min(1),
    /** RSA key in PEM that the system user token is signed with. */
    privateKey: z.string().min(1),
    testPersonId,
    legalBases,
    times,
  })
  .transform(({ loginHost, ...config }) => ({
    ...config,
    loginHost: loginHost ?? `https://${config.environment}.superoffice.com`,
  }))

/**
 * The section for an installation on site. The customer chooses the directory below the host; the path ends with
 * `api/v1`. An empty password is possible: leave it out.
 */
export const onsiteConfigSchema = z.strictObject({
  baseUrl: address.refine((url) => /\/api\/v1$/i.test(url), { error: 'must end in /api/v1' }),
  username: z
    .string()
    .min(1)
    .regex(/^[^:]*$/, 'must not hold a colon'),
  password: z.string().default(''),
  /** Certificate authority to trust instead of the public ones, PEM. */
  ca: z.string().min(1).optional(),
  testPersonId,
  legalBases,
  times,
})

export type OnlineConfig = z.output<typeof onlineConfigSchema>

export type OnsiteConfig = z.output<typeof onsiteConfigSchema>
