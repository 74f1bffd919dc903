import { z } from 'zod'
import { isStorableId } from '../../domain/storable-text.js'
import { isLegalBasis } from '../../domain/legal-basis.js'
import { part } from '../../http/index.js'
import type { Actor, ReadLegalBasis } from '../vocabulary.js'

/** Every part is in range, so that the date parser accepts every match. */
const ISO_UTC =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,9})?Z$/

/** ISO 8601 in UTC ending in Z, as text. */
export const isoText = z.string().regex(ISO_UTC)

/** ISO 8601 in UTC ending in Z, as Unix milliseconds. */
export const isoTime = isoText.transform((text) => Date.parse(text))

/** A basis. A text outside the vocabulary becomes `unreadable`, so that one value does not fail a batch. */
export const legalBasis = z
  .string()
  .transform((text): ReadLegalBasis => (isLegalBasis(text) ? text : 'unreadable'))

/** The largest value of the ledger's version columns: two thousand million changes of one value. */
const MAX_VERSION = 2_147_483_647

export const version = z.int().nonnegative().max(MAX_VERSION)

/** An opaque id that can be stored and used in a request. */
export const id = z.string().refine(isStorableId)

/** An id as text, which an answer may state as a number; null if it states none. It is compared only, never sent. */
export function toIdText(given: unknown): string | null {
  return typeof given === 'string' || typeof given === 'number' ? String(given) : null
}

/** As {@link toIdText}. */
export const statedId = z.unknown().optional().transform(toIdText)

/** Optional text; null if absent. */
export const textOrNull = z
  .unknown()
  .optional()
  .transform((text) => (typeof text === 'string' ? text : null))

const ACTORS: ReadonlySet<unknown> = new Set(['dataSubject', 'user', 'crmUser', 'system'])

/** Who acted, or null. It is evidence only; nothing is decided by it. */
export function toActor(given: unknown): Actor | null {
  const { type, id: actorId, name } = (given ?? {}) as Partial<Record<keyof Actor, unknown>>
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  return ACTORS.has(type)
    ? { type: type as Actor['type'], id: text(actorId), name: text(name) }
    : null
}

/** As {@link toActor}. */
export const actorOrNull = z.unknown().optional().transform(toActor)

/** Who wrote through the bulk write, or null. */
export const writerOrNull = part({ clientId: z.string() }).nullable()
