import type {
  CrmFacts,
  FactSecrets,
  HeaderVerdict,
  WebhookRequest,
  WebhookVerdict,
  CrmWebhookHint,
} from '../../crm.js'
import { readFacts, type SuperOfficeFacts } from '../facts.js'
import { openSecrets } from './open-secrets.js'
import { isSigned, mayBeSignature, SIGNATURE_HEADER } from './secret.js'
import { z } from 'zod'
import { answer, part, readSmallText } from '../../../http/index.js'
import { parseUtc } from '../wire/time.js'

/**
 * An event that failed goes to the end of the queue, and its time is by a clock, and perhaps of a zone, that nobody can
 * ask. What is further away is a replay.
 */
const TOLERANCE_MS = 24 * 3_600_000

/** What an installation on site calls itself in its events, where it names itself at all. */
const NO_TENANT = 'default'

/**
 * Judges a webhook (docs/wire-superoffice.md, 8): the signature of the raw body first and before it is looked at, then
 * its tenant, then its age. The test call of a registration is accepted once it is signed, and says nothing: without a 200
 * nothing is registered, and its other fields are not documented. What is too old, or of no time, is accepted and says
 * nothing either: a refusal would count as a failure of ours, and nine in a row switch the webhook off.
 *
 * @param nowMs our clock. @throws what `secrets.open` throws where none of our secrets opens.
 */
export function receiveWebhook(
  request: WebhookRequest,
  storedFacts: CrmFacts,
  secrets?: FactSecrets,
  nowMs: number = Date.now(),
): WebhookVerdict {
  const facts = readFacts(storedFacts)
  if (!isOurs(request, facts, secrets)) {
    return { accepted: false, code: 'webhook_unauthorized' }
  }
  if (isTestEvent(request.body)) {
    return { accepted: true, hints: [] }
  }
  const event = readEvent(request.body)
  if (event === null) {
    return { accepted: false, code: 'webhook_malformed' }
  }
  if (!isOfTenant(event, facts)) {
    return { accepted: false, code: 'webhook_wrong_organization' }
  }
  if (facts.associateId === undefined) {
    return { accepted: false, code: 'webhook_unauthorized' }
  }
  return { accepted: true, hints: isFresh(event, nowMs) ? hintsOf(event, facts.associateId) : [] }
}

/** Whether there is a signature to be verified, which takes the body, and a secret to verify it with. */
export function judgeWebhookHeaders(
  headers: WebhookRequest['headers'],
  storedFacts: CrmFacts,
): HeaderVerdict {
  const signed = mayBeSignature(headers[SIGNATURE_HEADER] ?? '')
  return signed && readFacts(storedFacts).webhook !== undefined ? 'open' : 'refused'
}

function isOurs(
  { headers, body }: WebhookRequest,
  { webhook }: SuperOfficeFacts,
  secrets: FactSecrets | undefined,
): boolean {
  const signature = headers[SIGNATURE_HEADER]
  return (
    signature !== undefined &&
    webhook !== undefined &&
    secrets !== undefined &&
    isSigned(body, signature, openSecrets(webhook, secrets))
  )
}

/** Online the tenant has to be named. On site none need be: the address and the secret tell whose it is. */
function isOfTenant({ contextIdentifier }: SuperOfficeEvent, facts: SuperOfficeFacts): boolean {
  const named = contextIdentifier?.toLowerCase() ?? null
  const ours = facts.databaseContextIdentifier?.toLowerCase() ?? null
  if (named !== null && named === ours) {
    return true
  }
  return facts.onsite === true && (named === null || named === NO_TENANT)
}

function isFresh({ atMs }: SuperOfficeEvent, nowMs: number): boolean {
  return atMs !== null && Math.abs(nowMs - atMs) <= TOLERANCE_MS
}

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
function hintsOf(event: SuperOfficeEvent, ownAssociateId: number): CrmWebhookHint[] {
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
