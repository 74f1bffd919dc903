import { z } from 'zod'
import { BASES, PURPOSES } from '../model/values.js'

/** Bodies of the control API; strict, so that a misspelt switch is noticed. */

const time = z.iso.datetime().transform((text) => Date.parse(text))
const weights = z.partialRecord(z.enum(BASES), z.number().nonnegative())
const share = z.number().min(0).max(1)
const contactFields = {
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
  mobile: z.string().nullish(),
}

/** `POST accounts` */
export const accountBody = z.strictObject({
  accountId: z.string().min(1),
  name: z.string().optional(),
  publicApiKey: z.string().optional(),
  serviceKey: z.string().optional(),
  requirePositiveConsent: z.boolean().optional(),
  egress: z.strictObject({ ips: z.array(z.string()), proxyUrl: z.string().nullable() }).optional(),
  categories: z.array(z.strictObject({ id: z.string().optional(), name: z.string() })).optional(),
})

/** `POST accounts/{id}/settings` */
export const settingsBody = z.strictObject({
  requirePositiveConsent: z.boolean().optional(),
  proxyUrl: z.string().nullable().optional(),
})

const seedRow = z.strictObject({
  ...contactFields,
  contactId: z.string().regex(/^\d+$/).optional(),
  email: z.string().nullable(),
  createdAt: time.optional(),
  consents: z
    .partialRecord(
      z.enum(PURPOSES),
      z.strictObject({
        legalBasis: z.enum(BASES),
        version: z.int().positive().optional(),
        eventTime: time.optional(),
        source: z.string().optional(),
      }),
    )
    .optional(),
  subscriptions: z.record(z.string(), z.boolean()).optional(),
})
/** One contact with its old state. */
export type SeedRow = z.output<typeof seedRow>

/** `POST accounts/{id}/seed`: rows, or a plan for many. */
export const seedBody = z.union([
  z.strictObject({ contacts: z.array(seedRow) }),
  z.strictObject({
    count: z.int().positive(),
    seed: z.int(),
    emailPattern: z.string().optional(),
    firstNumber: z.int().optional(),
    marketing: weights.optional(),
    store: weights.optional(),
    subscriptionOffRate: share.optional(),
    mobileRate: share.optional(),
  }),
])

/** `POST accounts/{id}/contacts` */
export const newContactBody = z.strictObject({ ...contactFields, email: z.string().nullable() })

const who = {
  contactId: z.string().optional(),
  email: z.string().optional(),
  eventTime: time.optional(),
}
/** `POST accounts/{id}/acts`: what people and users decide, in order. */
export const actsBody = z.strictObject({
  acts: z.array(
    z.discriminatedUnion('kind', [
      /** "Unsubscribe from all future sendouts". */
      z.strictObject({ kind: z.literal('unsubscribeAll'), ...who }),
      z.strictObject({ kind: z.literal('complaint'), ...who }),
      z.strictObject({
        kind: z.literal('consent'),
        ...who,
        purpose: z.enum(PURPOSES),
        legalBasis: z.enum(BASES),
        source: z.string().optional(),
        byUser: z.boolean().optional(),
        text: z.string().optional(),
      }),
      z.strictObject({
        kind: z.literal('subscription'),
        ...who,
        categoryId: z.string(),
        subscribed: z.boolean(),
        source: z.string().optional(),
        byUser: z.boolean().optional(),
      }),
    ]),
  ),
})
export type ActRow = z.output<typeof actsBody>['acts'][number]

/** `POST accounts/{id}/bulk` */
export const bulkBody = z.strictObject({
  contactIds: z.union([z.literal('all'), z.array(z.string())]),
  purpose: z.enum(PURPOSES).optional(),
  legalBasis: z.enum(BASES).optional(),
  categoryId: z.string().optional(),
  subscribed: z.boolean().optional(),
})

/** `POST accounts/{id}/change-email` */
export const changeEmailBody = z.strictObject({
  contactId: z.string(),
  email: z.string().nullable(),
})

/** `POST accounts/{id}/delete-contacts` */
export const deleteBody = z.strictObject({ contactIds: z.array(z.string()) })

/** `POST accounts/{id}/categories` */
export const categoryBody = z.strictObject({ id: z.string().optional(), name: z.string() })
/** `POST accounts/{id}/categories/{id}/rename` */
export const renameBody = z.strictObject({ name: z.string() })
/** `POST accounts/{id}/categories/{id}/vanish` */
export const vanishBody = z.strictObject({ vanished: z.boolean() })

/** `POST accounts/{id}/campaigns`: one component and its recipients. */
export const componentBody = z.strictObject({
  campaignId: z.string(),
  componentId: z.string(),
  channel: z.enum(['email', 'sms']),
  categoryId: z.string().nullable(),
  transactional: z.boolean(),
  target: z.union([
    z.strictObject({ all: z.literal(true) }),
    z.strictObject({ contactIds: z.array(z.string()) }),
    z.strictObject({ emails: z.array(z.string()) }),
    z.strictObject({ everyNth: z.int().positive(), offset: z.int().nonnegative() }),
  ]),
})

/** `POST accounts/{id}/expire` */
export const expireBody = z.strictObject({
  cursors: z.boolean().optional(),
  audiences: z.boolean().optional(),
})

/** `POST accounts/{id}/unknown-basis` */
export const unknownBasisBody = z.strictObject({
  contactId: z.string(),
  purpose: z.enum(PURPOSES),
  /** null shows the true basis again. */
  legalBasis: z.string().nullable(),
})

/** `POST accounts/{id}/feed`: an item that is put into the feed unchanged. */
export const injectBody = z.strictObject({ item: z.unknown() })

/** `POST webhook-faults`: shares of deliveries. */
export const webhookFaultsBody = z.strictObject({
  lose: share.optional(),
  duplicate: share.optional(),
  delay: share.optional(),
  delayMs: z.number().nonnegative().optional(),
})

/** `POST clock` */
export const clockBody = z.strictObject({ skewMs: z.number() })
/** `POST slow-writes` */
export const slowWritesBody = z.strictObject({ ms: z.number().nonnegative() })
/** `POST rate-limit`; null = none. */
export const rateLimitBody = z.strictObject({
  limit: z
    .strictObject({ perSecond: z.number().positive(), burst: z.number().positive() })
    .nullable(),
})
