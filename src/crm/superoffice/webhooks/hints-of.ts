import type { CrmWebhookHint } from '../../crm.js'
import type { SuperOfficeEvent } from './event.js'

/** Which consent changed, and to what, no event tells; see docs/setup-superoffice.md. */
const CONSENT_EVENTS: ReadonlySet<string> = new Set(['person.consented', 'person.unconsented'])

/**
 * What our own consent write may raise: the person's own date moves with some consents. Our user changes persons in no
 * other way.
 */
const ECHOES: ReadonlySet<string> = new Set([...CONSENT_EVENTS, 'person.changed'])

/** Who is gone may be mailed no more. */
const END_EVENTS: ReadonlySet<string> = new Set(['person.softdeleted', 'person.deleted'])

/**
 * What to fetch back, and whether it holds back a sendout until then (G7). `person.consented` may hide a withdrawal of
 * the other purpose, saved at the same time: as long as the row is not read, every consent event by somebody else
 * counts as a deny. An echo of our own consent write is nobody's act, and reading
 * it back would cost as many requests as the write.
 */
export function hintsOf(event: SuperOfficeEvent, ownAssociateId: number): CrmWebhookHint[] {
  if (event.personId === null) {
    return []
  }
  if (ECHOES.has(event.event) && event.changedBy === ownAssociateId) {
    return []
  }
  const contactId = String(event.personId)
  return [
    {
      entity: 'contact',
      entityId: contactId,
      contactId,
      // The event does not carry the value, so that nobody can be said to have set one.
      actorUserId: null,
      saysDeny: CONSENT_EVENTS.has(event.event) || END_EVENTS.has(event.event),
      eventId: event.eventId,
    },
  ]
}
