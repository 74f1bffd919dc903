import { z } from 'zod'
import { isStorableId } from '../../domain/storable-text.js'
import { isLegalBasis } from '../../domain/legal-basis.js'
import type { ReadLegalBasis } from '../vocabulary.js'

/** Schemas of the small things on the wire. Extra fields are tolerated everywhere, missing and wrong ones are not. */

/** Every part in its range, so that the date parser always understands what passes. */
const ISO_UTC =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,9})?Z$/

/** ISO 8601 in UTC ending in Z, still as text. */
export const isoText = z.string().regex(ISO_UTC)

/** ISO 8601 in UTC ending in Z, as Unix milliseconds. */
export const isoTime = isoText.transform((text) => Date.parse(text))

/** As {@link isoTime}, or null. */
export const isoTimeOrNull = isoTime.nullable()

/** A basis; a text outside the vocabulary becomes `unreadable`, so that one value does not cost a batch. */
export const legalBasis = z
  .string()
  .transform((text): ReadLegalBasis => (isLegalBasis(text) ? text : 'unreadable'))

/** What the ledger's columns for versions hold: two thousand million changes of one value. */
const MAX_VERSION = 2_147_483_647

/** A version counter. */
export const version = z.int().nonnegative().max(MAX_VERSION)

/** An opaque id, as far as it can be kept and asked for again. */
export const id = z.string().refine(isStorableId)

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
