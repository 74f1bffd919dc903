import { z } from 'zod'
import type { CrmFacts } from '../crm.js'

/** Key of eMarketeer's own consent source, unless set-up found another. */
export const DEFAULT_SOURCE_KEY = 'EMARKETEER'

const webhookFacts = z.object({
  /** The webhook's URL. */
  url: z.string(),
  /** Sealed, newest first: events sent under an earlier secret may still arrive. */
  secrets: z.array(z.string()).min(1),
  /** The newest secret is being registered, or that attempt's result is unknown. */
  pending: z.boolean().optional(),
})

const measurementSchema = z.object({
  /** The test person. */
  personId: z.int(),
  /** Whether a write of the present value counts as a write. */
  equalWriteCounts: z.boolean(),
  /** Whether saving the person's card touched a consent row; null: the card could not be saved. */
  cardTouchesConsent: z.boolean().nullable(),
  /**
   * `counts`: a mass write raises the version by one and names us; `blind`: it does not; otherwise it is not available.
   */
  upsert: z.enum(['counts', 'blind', 'unavailable']),
})

const factsSchema = z.object({
  /** On the customer's own site, where webhooks name no tenant. */
  onsite: z.boolean().optional(),
  /** Our own user. Its writes are not a person's act. */
  associateId: z.int().optional(),
  /** The database that was set up. */
  databaseContextIdentifier: z.string().nullable().optional(),
  /** Key of our consent source, in the installation's spelling. */
  sourceKey: z.string().min(1).optional(),
  /** `updatedCount` of a newly inserted row, as measured; null or absent: not measured. */
  firstVersion: z.int().nullable().optional(),
  /** Further measurements; absent: not measured. */
  measured: measurementSchema.optional(),
  webhook: webhookFacts.optional(),
})

/** Facts of a SuperOffice installation; a part is absent until set-up has learned it. */
export type SuperOfficeFacts = z.output<typeof factsSchema>

export type Measurement = z.output<typeof measurementSchema>

export type WebhookFacts = z.output<typeof webhookFacts>

/**
 * Reads stored facts; drops null, ignores unknown keys.
 * @throws ZodError if they are damaged.
 */
export function readFacts(facts: CrmFacts): SuperOfficeFacts {
  const known = Object.entries(facts).filter(([, value]) => value !== null)
  return factsSchema.parse(Object.fromEntries(known))
}
