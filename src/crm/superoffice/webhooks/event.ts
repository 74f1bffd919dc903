import { z } from 'zod'
import { answer, part, readSmallText } from '../../../http/index.js'
import { parseUtc } from '../wire/time.js'

/** Of a signed event, odd fields tell nothing: a refusal would count as a failure, and three events switch the webhook off. */
const text = z.string().min(1).max(100).nullish().catch(null)
const payload = answer(
  { name: 'superoffice.event', operation: 'POST /hooks/crm/{ref}', lossUnit: 'call' },
  part({
    Event: z.string(),
    EventId: text,
    Timestamp: text,
    PrimaryKey: z.int().positive().nullish().catch(null),
    ContextIdentifier: text,
    ChangedByAssociateId: z.int().nullish().catch(null),
  }),
)

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

/** Whether a verified body is the test call of a registration. What else it holds is not documented, nor needed. */
export function isTestEvent(body: Buffer): boolean {
  return readSmallText(payload, body)?.Event.toLowerCase() === 'test'
}

/** Reads a verified body; null: it is no event of SuperOffice. */
export function readEvent(body: Buffer): SuperOfficeEvent | null {
  const told = readSmallText(payload, body)
  if (told === null) {
    return null
  }
  const { EventId, Timestamp, PrimaryKey, ContextIdentifier, ChangedByAssociateId } = told
  const event = told.Event.toLowerCase()
  return {
    eventId: EventId ?? null,
    atMs: parseUtc(Timestamp),
    event,
    personId: event.startsWith('person.') ? (PrimaryKey ?? null) : null,
    contextIdentifier: ContextIdentifier ?? null,
    changedBy: ChangedByAssociateId ?? null,
  }
}
