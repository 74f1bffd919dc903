import { z } from 'zod'
import type { CrmFacts } from '../crm.js'

/** Key of eMarketeer's own consent source where set-up has not learned another. */
export const DEFAULT_SOURCE_KEY = 'EMARKETEER'

const webhookFacts = z.object({
  /** Where it posts to. */
  url: z.string(),
  /** Sealed, newest first: what was sent under an earlier secret may still come. */
  secrets: z.array(z.string()).min(1),
  /** The newest is being registered, or it is open whether it was. */
  pending: z.boolean().optional(),
})

const measurementSchema = z.object({
  /** The test person. */
  personId: z.int(),
  /** Whether a write of the value that is there already counts as a write. */
  equalWriteCounts: z.boolean(),
  /** Whether saving the person's card touched a consent row; null: the card could not be saved. */
  cardTouchesConsent: z.boolean().nullable(),
  /** `counts`: a mass write raises the version by one and names us; `blind`: not so; else it is not to be had. */
  upsert: z.enum(['counts', 'blind', 'unavailable']),
})

const factsSchema = z.object({
  /** On the customer's own site; its webhooks name no tenant. */
  onsite: z.boolean().optional(),
  /** Our own user: what it wrote is no person's act. */
  associateId: z.int().optional(),
  /** The database that was set up. */
  databaseContextIdentifier: z.string().nullable().optional(),
  /** Key of our consent source, in the installation's spelling. */
  sourceKey: z.string().min(1).optional(),
  /** `updatedCount` of a row just inserted, as measured; null or absent: not measured. */
  firstVersion: z.int().nullable().optional(),
  /** What else was found, by trying; absent: not measured. */
  measured: measurementSchema.optional(),
  webhook: webhookFacts.optional(),
})

/** Facts of a SuperOffice installation that reading and writing use; parts are absent until set-up has learned them. */
export type SuperOfficeFacts = z.output<typeof factsSchema>

/** What set-up measured of consent rows. */
export type Measurement = z.output<typeof measurementSchema>

/** Facts about the installed webhook. */
export type WebhookFacts = z.output<typeof webhookFacts>

/**
 * Reads stored facts; null is forgotten, unknown keys are left to whoever wrote them.
 *
 * @throws ZodError when they are damaged.
 */
export function readFacts(facts: CrmFacts): SuperOfficeFacts {
  const known = Object.entries(facts).filter(([, value]) => value !== null)
  return factsSchema.parse(Object.fromEntries(known))
}
