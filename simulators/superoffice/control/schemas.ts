import { z } from 'zod'
import { TENANT_STATES } from '../installation.js'

/** Bodies of the control API; strict, so that a misspelt switch is noticed. */

/** ISO time to whole seconds. */
const time = z.iso.datetime().transform((text) => Math.floor(Date.parse(text) / 1000))
const associateId = z.int().positive().optional()
const email = z.union([
  z.string().transform((address) => ({ address, rank: undefined, type: undefined })),
  z.strictObject({
    address: z.string(),
    rank: z.int().optional(),
    type: z.union([z.literal(0), z.literal(1)]).optional(),
  }),
])
const consent = z.strictObject({
  legalBase: z.string(),
  source: z.string().optional(),
  comment: z.string().optional(),
  registered: time.optional(),
  updated: time.optional(),
  updatedCount: z.int().nonnegative().optional(),
  associateId,
})
/** A consent row with old times. */
export type ConsentDraft = z.output<typeof consent>

const person = z.strictObject({
  firstName: z.string().optional(),
  lastName: z.string().optional(),
  emails: z.array(email).optional(),
  registered: time.optional(),
  retired: z.boolean().optional(),
  associateId,
  consents: z.record(z.string(), consent).optional(),
  storeDefault: z.boolean().optional(),
  silent: z.boolean().optional(),
})
export type PersonBody = z.output<typeof person>

/** `POST persons` */
export const personsBody = z.strictObject({ persons: z.array(person) })

/** `POST persons/{id}/emails` */
export const emailsBody = z.strictObject({ emails: z.array(email) })

/** `POST persons/{id}/save` */
export const saveBody = z.strictObject({
  firstName: z.string().optional(),
  lastName: z.string().optional(),
  retired: z.boolean().optional(),
  associateId,
})

/** `POST persons/{id}/delete` */
export const deleteBody = z.strictObject({ soft: z.boolean().default(false), associateId })

/** `POST persons/{id}/merge` */
export const mergeBody = z.strictObject({ into: z.int().positive(), associateId })

/** `POST persons/{id}/unseen` */
export const unseenBody = z.strictObject({ unseen: z.boolean() })

/** `POST persons/{id}/consent` */
export const consentBody = z.strictObject({
  purpose: z.string(),
  legalBase: z.string(),
  source: z.string().optional(),
  comment: z.string().optional(),
  associateId,
  at: time.optional(),
})

/** `POST persons/{id}/edit-consent`: an edit of the row that keeps its value. */
export const editConsentBody = z.strictObject({
  purpose: z.string(),
  comment: z.string().default('edited'),
  associateId,
})

/** `POST persons/{id}/remove-consent` */
export const removeConsentBody = z.strictObject({ purpose: z.string(), associateId })

const weights = z.record(z.string(), z.number().nonnegative())
/** `POST seed`: many persons by plan; weights by legal base key, `none` for no row. */
export const seedBody = z.strictObject({
  count: z.int().positive(),
  seed: z.int().default(1),
  emailPattern: z.string().default('person{n}@example.test'),
  firstNumber: z.int().default(1),
  store: weights.default({ '61F': 1 }),
  marketing: weights.default({ '61A': 6, '61F': 2, none: 1, WITHDRAWN: 1 }),
})
export type SeedPlan = z.output<typeof seedBody>

/** `POST lists/{list}` */
export const listItemBody = z.strictObject({
  key: z.string(),
  name: z.string(),
  tooltip: z.string().default(''),
  rank: z.int().default(100),
})

/** `POST lists/{list}/{id}` */
export const listChangeBody = z.strictObject({
  name: z.string().optional(),
  key: z.string().optional(),
  deleted: z.boolean().optional(),
  active: z.boolean().optional(),
  mailTemplateId: z.int().nonnegative().optional(),
})

/** `POST clock` */
export const clockBody = z.strictObject({
  skewMs: z.number().optional(),
  loginSkewMs: z.number().optional(),
  stampSkewMs: z.number().optional(),
})

/** `POST tickets/idle` */
export const idleBody = z.strictObject({ seconds: z.number().positive() })

/** `POST tenant` */
export const tenantBody = z.strictObject({ state: z.enum(TENANT_STATES) })

/** `POST approval` */
export const approvalBody = z.strictObject({ revoked: z.boolean() })

/** `POST webhook-faults` */
export const webhookFaultsBody = z
  .strictObject({
    loseNext: z.int().nonnegative(),
    loseShare: z.number().min(0).max(1),
    delayMs: z.number().nonnegative(),
    copies: z.int().positive(),
    paused: z.boolean(),
  })
  .partial()
