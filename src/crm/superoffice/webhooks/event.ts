import { z } from 'zod'
import { jsonOrUndefined, SMALL_ANSWER } from '../../../http/index.js'
import { parseUtc } from '../wire/time.js'

/** Of a signed event, odd fields tell nothing: a refusal would count as a failure, and three events switch the webhook off. */
const text = z.string().min(1).max(100).nullish().catch(null)
const payload = z.looseObject({
  Event: z.string(),
  EventId: text,
  Timestamp: text,
  PrimaryKey: z.int().positive().nullish().catch(null),
  ContextIdentifier: text,
  ChangedByAssociateId: z.int().nullish().catch(null),
})

/** What an event says, as far as it is used (docs/wire-superoffice.md, 8). */
export interface SuperOfficeEvent {
  /** Null where it has none. */
  readonly eventId: string | null
  /** The server's clock, Unix ms; null where it cannot be read. */
  readonly atMs: number | null
  /** In lower case: `person.consented`, `test`. */
  readonly event: string
  /** The person of a person event; else null. */
  readonly personId: number | null
  /** Null where none was named, as on site. */
  readonly contextIdentifier: string | null
  readonly changedBy: number | null
}

const testPayload = z.looseObject({ Event: z.string().regex(/^test$/i) })

/** Whether a verified body is the test call of a registration. What else it holds is not documented, nor needed. */
export function isTestEvent(body: Buffer): boolean {
  return testPayload.safeParse(parse(body)).success
}

/** Reads a verified body; null: it is no event of SuperOffice. */
export function readEvent(body: Buffer): SuperOfficeEvent | null {
  const parsed = payload.safeParse(parse(body))
  if (!parsed.success) {
    return null
  }
  const { EventId, Timestamp, PrimaryKey, ContextIdentifier, ChangedByAssociateId } = parsed.data
  const event = parsed.data.Event.toLowerCase()
  return {
    eventId: EventId ?? null,
    atMs: parseUtc(Timestamp),
    event,
    personId: event.startsWith('person.') ? (PrimaryKey ?? null) : null,
    contextIdentifier: ContextIdentifier ?? null,
    changedBy: ChangedByAssociateId ?? null,
  }
}

function parse(body: Buffer): unknown {
  return jsonOrUndefined(body.toString('utf8'), SMALL_ANSWER.elements)
}
