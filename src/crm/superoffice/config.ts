import { z } from 'zod'
import { isPositive, POSITIVE_BASES, type PositiveBasis } from '../../domain/legal-basis.js'
import type { BasisMapping } from '../../domain/tenant-basis.js'
import { basisOfKey, normalizeKey } from './wire/keys.js'

const address = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''))

/**
 * A person of the customer's on whom set-up may measure the effect of a write on a consent (docs/setup-superoffice.md).
 */
const testPersonId = z.int().positive().optional()

/**
 * `superoffice.legalBases`: eMarketeer's basis for each basis that the tenant made in SuperOffice (C2). Keys compare
 * without case and outer blanks. Several may map to one; none may be one that SuperOffice defines.
 */
const legalBasesSchema = z
  .record(z.string(), z.unknown())
  .transform((given, context): Readonly<Record<string, PositiveBasis>> => {
    const seen = new Set<string>()
    // Each entry is checked separately, so that all faults are reported together.
    for (const [key, basis] of Object.entries(given)) {
      const fault = faultOf(key, basis, seen)
      if (fault !== null) {
        context.addIssue({ code: 'custom', path: [key], message: fault })
      }
      seen.add(normalizeKey(key))
    }
    return given as Readonly<Record<string, PositiveBasis>>
  })

function faultOf(key: string, basis: unknown, seen: ReadonlySet<string>): string | null {
  if (normalizeKey(key) === '') {
    return 'the key of a legal basis must not be empty'
  }
  if (basisOfKey(key) !== null) {
    return 'SuperOffice itself defines this key; only bases that the tenant made are mapped'
  }
  if (seen.has(normalizeKey(key))) {
    return 'the same key stands twice, in another spelling'
  }
  return typeof basis === 'string' && isPositive(basis)
    ? null
    : `must be one of ${POSITIVE_BASES.join(', ')}`
}

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

/** The mapping in a stored section; an invalid one maps nothing. */
export function basisMappingOf(section: Readonly<Record<string, unknown>>): BasisMapping {
  const { success, data } = legalBasesSchema.safeParse(section['legalBases'] ?? {})
  return new Map(
    success ? Object.entries(data).map(([key, basis]) => [normalizeKey(key), basis]) : [],
  )
}
