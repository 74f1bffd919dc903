import { z } from 'zod'
import { isStorableId } from '../../domain/storable-text.js'
import { isLegalBasis } from '../../domain/legal-basis.js'
import { part } from '../../http/index.js'
import type { Actor, ReadLegalBasis } from '../vocabulary.js'

/** Schemas of the small things on the wire. */

/** Every part in its range, so that the date parser always understands what passes. */
const ISO_UTC =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,9})?Z$/

/** ISO 8601 in UTC ending in Z, still as text. */
export const isoText = z.string().regex(ISO_UTC)

/** ISO 8601 in UTC ending in Z, as Unix milliseconds. */
export const isoTime = isoText.transform((text) => Date.parse(text))

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

/** Text that can be done without; null where none is told. */
export const textOrNull = z
  .unknown()
  .optional()
  .transform((text) => (typeof text === 'string' ? text : null))

const ACTORS: ReadonlySet<unknown> = new Set(['dataSubject', 'user', 'crmUser', 'system'])

/** Who acted, or null: evidence, on which nothing is decided. */
export function toActor(told: unknown): Actor | null {
  const { type, id: actorId, name } = (told ?? {}) as Partial<Record<keyof Actor, unknown>>
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  return ACTORS.has(type)
    ? { type: type as Actor['type'], id: text(actorId), name: text(name) }
    : null
}

/** As {@link toActor}. */
export const actorOrNull = z.unknown().optional().transform(toActor)

/** Who wrote through the bulk write, or null. */
export const writerOrNull = part({ clientId: z.string() }).nullable()
