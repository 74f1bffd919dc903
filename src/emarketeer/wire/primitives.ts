import { z } from 'zod'
import { isLegalBasis } from '../../domain/legal-basis.js'
import type { ReadLegalBasis } from '../vocabulary.js'

/** Schemas of the small things on the wire. Extra fields are tolerated everywhere, missing and wrong ones are not. */

const ISO_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/

/**
 * ISO 8601 in UTC ending in Z, as Unix milliseconds. Checked by a short pattern and the date parser: zod's own pattern
 * also counts the days of each month, and a state has a dozen times.
 */
export const isoTime = z.string().transform((text, check) => {
  const timeMs = ISO_UTC.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(timeMs)) {
    check.issues.push({ code: 'custom', message: 'is not a UTC time', input: text })
    return z.NEVER
  }
  return timeMs
})

/** As {@link isoTime}, or null. */
export const isoTimeOrNull = isoTime.nullable()

/** A basis; a text outside the vocabulary becomes `unreadable`, so that one value does not cost a batch. */
export const legalBasis = z
  .string()
  .transform((text): ReadLegalBasis => (isLegalBasis(text) ? text : 'unreadable'))

/** A version counter. */
export const version = z.int().nonnegative()

/** An opaque id. */
export const id = z.string().min(1)

/** Text or null; an absent optional text is null too. */
export const textOrNull = z
  .string()
  .nullish()
  .transform((text) => text ?? null)

/** Who acted, or null. */
export const actorOrNull = z
  .object({
    type: z.enum(['dataSubject', 'user', 'crmUser', 'system']),
    id: z.string().nullable(),
    name: z.string().nullable(),
  })
  .nullable()

/** Who wrote through the bulk write, or null. */
export const writerOrNull = z
  .object({ clientId: z.string(), idempotencyKey: z.string() })
  .nullable()
