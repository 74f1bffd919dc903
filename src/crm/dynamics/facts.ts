import { z } from 'zod'
import type { CrmFacts } from '../crm.js'
import { formFacts } from './setup/form/form-facts.js'
import { viewFacts } from './setup/view/view-facts.js'

/** What set-up learned of one of our tables. */
const tableFacts = z.object({
  /** The entity set name as the service answered it; its ending cannot be guessed. */
  setName: z.string(),
  primaryId: z.string(),
  metadataId: z.string(),
  /** Differs per organisation; views need it. */
  objectTypeCode: z.number().nullable(),
  /** Made by us; false: the customer had it already, and it is never deleted. Absent: not known. */
  ours: z.boolean().optional(),
})

const webhookFacts = z.object({
  url: z.string(),
  /** Null while it is being registered for the first time. */
  endpointId: z.string().nullable(),
  stepIds: z.array(z.string()),
  /** SHA-256 of the secret that Dataverse sends now, hex; while the first is being registered, of that one. */
  secretHash: z.string(),
  /** SHA-256 of the secret before: events queued under it still come. */
  previousSecretHash: z.string().nullable(),
  /** SHA-256 of secrets that attempts tried to register since, newest first: one of them may be the one that it sends. */
  triedSecretHashes: z.array(z.string()).optional(),
})

const factsSchema = z.object({
  organization: z
    .object({
      organizationId: z.string(),
      /** Our application user: what it did is no person's act. */
      userId: z.string(),
      /** Base language: labels must be in it. */
      languageCode: z.number(),
      /** Languages that labels may be given in. */
      languages: z.array(z.number()),
      auditEnabled: z.boolean().nullable(),
      changeTrackingDays: z.number().nullable(),
    })
    .optional(),
  publisherId: z.string().optional(),
  solutionId: z.string().optional(),
  subscriptionsTable: tableFacts.optional(),
  categoriesTable: tableFacts.optional(),
  /** Navigation properties of the two lookups, with the service's casing. */
  navigation: z.object({ contact: z.string(), category: z.string() }).optional(),
  view: viewFacts.optional(),
  form: formFacts.optional(),
  /** Our section was published. */
  published: z.boolean().optional(),
  webhook: webhookFacts.optional(),
})

/** Facts of a Dynamics installation; parts are absent until the step that learns them has run. */
export type DynamicsFacts = z.output<typeof factsSchema>

/** Facts of one of our tables. */
export type TableFacts = z.output<typeof tableFacts>

/** Facts about the installed webhook. */
export type WebhookFacts = z.output<typeof webhookFacts>

/** Both tables, or null while set-up has not made them: then there is no subscription to read. */
export interface SubscriptionTables {
  readonly subscriptions: TableFacts
  readonly categories: TableFacts
}

/**
 * Reads stored facts; null is forgotten, unknown keys are left to whoever wrote them.
 *
 * @throws ZodError when they are damaged.
 */
export function readFacts(facts: CrmFacts): DynamicsFacts {
  const known = Object.entries(facts).filter(([, value]) => value !== null)
  return factsSchema.parse(Object.fromEntries(known))
}

/** The two tables of the facts. */
export function subscriptionTables(facts: DynamicsFacts): SubscriptionTables | null {
  const { subscriptionsTable: subscriptions, categoriesTable: categories } = facts
  return subscriptions && categories ? { subscriptions, categories } : null
}
