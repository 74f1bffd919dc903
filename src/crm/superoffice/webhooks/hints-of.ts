import type { CrmWebhookHint } from '../../crm.js'
import type { SuperOfficeEvent } from './event.js'

/** Which consent changed, and to what, no event tells; see docs/setup-superoffice.md. */
const CONSENT_EVENTS: ReadonlySet<string> = new Set(['person.consented', 'person.unconsented'])

/** Who is gone may be mailed no more. */
const END_EVENTS: ReadonlySet<string> = new Set(['person.softdeleted', 'person.deleted'])

/**
 * What to fetch back, and whether it holds back a sendout until then (G7). `person.consented` may hide a withdrawal of
 * the other purpose, saved at the same time: as long as the row is not read, every consent event by somebody else
 * counts as a deny. An echo of our own consent write is nobody's act.
 */
export function hintsOf(event: SuperOfficeEvent, ownAssociateId: number): CrmWebhookHint[] {
  if (event.personId === null) {
    return []
  }
  const isConsent = CONSENT_EVENTS.has(event.event)
  if (isConsent && event.changedBy === ownAssociateId) {
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
      saysDeny: isConsent || END_EVENTS.has(event.event),
      eventId: event.eventId,
    },
  ]
}
