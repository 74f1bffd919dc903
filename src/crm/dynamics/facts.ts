import { z } from 'zod'
import type { CrmFacts } from '../crm.js'
import { AppError } from '../../contracts/app-error.js'

/** What set-up learned about one of our tables. */
const tableFacts = z.object({
  /** The entity set name as the service returned it; its ending cannot be guessed. */
  setName: z.string(),
  primaryId: z.string(),
  metadataId: z.string(),
  /** Differs per organisation; views need it. */
  objectTypeCode: z.number().nullable(),
  /** Created by us; false: the customer had it already, and it is never deleted. Absent: unknown. */
  ours: z.boolean().optional(),
})

const webhookFacts = z.object({
  url: z.string(),
  /** Null during the first registration. */
  endpointId: z.string().nullable(),
  stepIds: z.array(z.string()),
  /** SHA-256 of the secret that Dataverse sends now, hex; during the first registration, of the new one. */
  secretHash: z.string(),
  /** SHA-256 of the previous secret: events queued under it still arrive. */
  previousSecretHash: z.string().nullable(),
  /** SHA-256 of secrets that attempts have tried to register since, newest first: Dataverse may send one of them. */
  triedSecretHashes: z.array(z.string()).optional(),
})

/** What set-up learned of the form with our section. */
export const formFacts = z.object({
  formId: z.string(),
  /** Support named it (`useForm`): it is taken again without asking. */
  chosen: z.boolean(),
  /** Id or name of the tab that Support named or had made; null: the Details tab as found. */
  tab: z.string().nullable(),
})

/** Facts about the form with our section. */
export type FormFacts = z.output<typeof formFacts>

/** What set-up learned of the view that the sub-grid shows. */
export const viewFacts = z.object({
  viewId: z.string(),
  /** Support named it (`useView`): it is somebody else's, and never deleted by us. */
  chosen: z.boolean(),
})

/** Facts about the view that the sub-grid shows. */
export type ViewFacts = z.output<typeof viewFacts>

const factsSchema = z.object({
  organization: z
    .object({
      organizationId: z.string(),
      /** Our application user. Its changes are not a person's act. */
      userId: z.string(),
      /** Base language, which labels must have. */
      languageCode: z.number(),
      /** Languages that labels may have. */
      languages: z.array(z.number()),
      auditEnabled: z.boolean().nullable(),
      changeTrackingDays: z.number().nullable(),
    })
    .optional(),
  publisherId: z.string().optional(),
  solutionId: z.string().optional(),
  subscriptionsTable: tableFacts.optional(),
  categoriesTable: tableFacts.optional(),
  /** Navigation properties of the two lookups, in the service's casing. */
  navigation: z.object({ contact: z.string(), category: z.string() }).optional(),
  view: viewFacts.optional(),
  form: formFacts.optional(),
  /** Our section of the form was published. */
  published: z.boolean().optional(),
  webhook: webhookFacts.optional(),
})

/** Facts of a Dynamics installation; a part is absent until its step has run. */
export type DynamicsFacts = z.output<typeof factsSchema>

export type TableFacts = z.output<typeof tableFacts>

export type WebhookFacts = z.output<typeof webhookFacts>

/** Both tables; null until set-up has created them: there is no subscription to read. */
export interface SubscriptionTables {
  readonly subscriptions: TableFacts
  readonly categories: TableFacts
}

/**
 * Reads stored facts; drops null, ignores unknown keys.
 * @throws ZodError if they are damaged.
 */
export function readFacts(facts: CrmFacts): DynamicsFacts {
  const known = Object.entries(facts).filter(([, value]) => value !== null)
  return factsSchema.parse(Object.fromEntries(known))
}

export function subscriptionTables(facts: DynamicsFacts): SubscriptionTables | null {
  const { subscriptionsTable: subscriptions, categoriesTable: categories } = facts
  return subscriptions && categories ? { subscriptions, categories } : null
}

/** What the step "connect" learned. @throws AppError `internal` where it has not run. */
export function organizationOf(facts: DynamicsFacts): NonNullable<DynamicsFacts['organization']> {
  if (facts.organization === undefined) {
    throw new AppError('internal', 'the step "connect" must run first')
  }
  return facts.organization
}
