import type {
  CrmFacts,
  FactSecrets,
  HeaderVerdict,
  WebhookRequest,
  WebhookVerdict,
  CrmWebhookHint,
} from '../../crm.js'
import { readFacts, type SuperOfficeFacts } from '../facts.js'
import { openSecrets, isSigned, mayBeSignature, SIGNATURE_HEADER } from './secret.js'
import { z } from 'zod'
import { answer, part, readSmallText } from '../../../http/index.js'
import { parseUtc } from '../wire/time.js'

/**
 * A failed event goes to the end of the queue, and its time is by an unknown clock, perhaps in another zone. A larger
 * difference is a replay.
 */
const TOLERANCE_MS = 24 * 3_600_000

/** How an installation on site may name itself in its events. */
const NO_TENANT = 'default'

/**
 * Judges a webhook (docs/wire-superoffice.md, 8): first the signature of the raw body, then its tenant, then its age.
 * The signed test call of a registration is accepted without a hint: without a 200 nothing is registered, and its other
 * fields are not documented. A call that is too old or has no time is also accepted without a hint: a refusal would
 * count as our failure, and nine in a row switch the webhook off.
 * @param nowMs our clock. @throws what `secrets.open` throws if none of our secrets opens.
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

/** Whether there is a signature, which needs the body to verify, and a secret to verify it with. */
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

/** Online must name the tenant. On site need not: URL and secret identify the connection. */
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

/** An event does not contain the consent that changed, or its value; see docs/setup-superoffice.md. */
const CONSENT_EVENTS: ReadonlySet<string> = new Set(['person.consented', 'person.unconsented'])

/**
 * Events that our own consent write may raise: some consents move the person's own date. Our user changes nothing else
 * of a person.
 */
const ECHOES: ReadonlySet<string> = new Set([...CONSENT_EVENTS, 'person.changed'])

/** A removed person may not be mailed. */
const END_EVENTS: ReadonlySet<string> = new Set(['person.softdeleted', 'person.deleted'])

/**
 * What to read, and whether it holds back a sendout until then (G7). `person.consented` may hide a withdrawal of the
 * other purpose, saved at the same time: until the row is read, every consent event by somebody else counts as a deny.
 * An echo of our own consent write is nobody's act, and reading it back would cost as many requests as the write.
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
      // The event does not carry the value, so nobody is known to have set one.
      actorUserId: null,
      saysDeny: CONSENT_EVENTS.has(event.event) || END_EVENTS.has(event.event),
      eventId: event.eventId,
    },
  ]
}

/**
 * Odd fields of a signed event count as missing: a refusal would count as a failure, and failures of three events
 * switch the webhook off.
 */
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

/** The used parts of an event (docs/wire-superoffice.md, 8). */
export interface SuperOfficeEvent {
  /** Null if it has none. */
  readonly eventId: string | null
  /** The server's clock, Unix ms; null if unreadable. */
  readonly atMs: number | null
  /** In lower case: `person.consented`, `test`. */
  readonly event: string
  /** The person of a person event, or null. */
  readonly personId: number | null
  /** Null if none is named, as on site. */
  readonly contextIdentifier: string | null
  readonly changedBy: number | null
}

/** Whether a verified body is the test call of a registration. Its other fields are neither documented nor needed. */
export function isTestEvent(body: Buffer): boolean {
  return readSmallText(payload, body)?.Event.toLowerCase() === 'test'
}

/** Reads a verified body; null if it is not an event of SuperOffice. */
export function readEvent(body: Buffer): SuperOfficeEvent | null {
  const parsed = readSmallText(payload, body)
  if (parsed === null) {
    return null
  }
  const { EventId, Timestamp, PrimaryKey, ContextIdentifier, ChangedByAssociateId } = parsed
  const event = parsed.Event.toLowerCase()
  return {
    eventId: EventId ?? null,
    atMs: parseUtc(Timestamp),
    event,
    personId: event.startsWith('person.') ? (PrimaryKey ?? null) : null,
    contextIdentifier: ContextIdentifier ?? null,
    changedBy: ChangedByAssociateId ?? null,
  }
}
