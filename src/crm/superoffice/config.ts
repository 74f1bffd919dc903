import { z } from 'zod'
import { legalBasesSchema } from './basis-mapping.js'

const address = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''))

/** A person of the customer's on whom set-up may measure what a write does to a consent (docs/setup-superoffice.md). */
const testPersonId = z.int().positive().optional()

const legalBases = legalBasesSchema.optional()
/** Whether times of consents may decide which act was later; absent is `auto` (docs/reconciliation.md, "Stamps of SuperOffice"). */
const times = z.enum(['auto', 'never']).optional()

/** The connection file's section `superoffice` for SuperOffice Online, secrets resolved. */
export const onlineConfigSchema = z
  .strictObject({
    /** Production, stage or development. */
    environment: z.enum(['online', 'qaonline', 'sod']).default('online'),
    /** Where tickets are got and the tenant's status is asked; never the host of the API itself. */
    loginHost: address.optional(),
    /** The tenant, e.g. `Cust12345`. */
    contextIdentifier: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    /** The application's secret; goes along with every call as `SO-AppToken`. */
    clientSecret: z.string().min(1),
    /** What the tenant's administrator gave by approving the application. */
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
 * The section for an installation on site. The directory below the host is the customer's choice; `api/v1` ends it.
 * An empty password occurs, and is given by leaving it out.
 */
export const onsiteConfigSchema = z.strictObject({
  baseUrl: address.refine((url) => /\/api\/v1$/i.test(url), { error: 'must end in /api/v1' }),
  username: z
    .string()
    .min(1)
    .regex(/^[^:]*$/, 'must not hold a colon'),
  password: z.string().default(''),
  /** Certificate authority to trust in place of the public ones, PEM. */
  ca: z.string().min(1).optional(),
  testPersonId,
  legalBases,
  times,
})

/** Configuration of a connection to SuperOffice Online. */
export type OnlineConfig = z.output<typeof onlineConfigSchema>

/** Configuration of a connection to an installation on site. */
export type OnsiteConfig = z.output<typeof onsiteConfigSchema>
