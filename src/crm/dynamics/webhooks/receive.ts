import { readAddressField } from '../../../domain/email-address.js'
import type {
  CrmFacts,
  CrmWebhookHint,
  HeaderVerdict,
  WebhookRequest,
  WebhookVerdict,
} from '../../crm.js'
import { type DynamicsFacts, readFacts } from '../facts.js'
import { SUBSCRIPTIONS_TABLE } from '../names.js'
import { ADDRESS_COLUMNS } from '../reading/rows.js'
import { isGuid } from '../wire/odata.js'
import { readRemoteEvent, type RemoteEvent } from './remote-context.js'
import { hasHash, SECRET_HEADER } from './secret.js'

/**
 * Judges a webhook (docs/wire-dataverse.md, 11.2). The secret first and before the body is looked at; then the
 * organisation. Events of other tables are accepted and say nothing.
 */
export function receiveWebhook(request: WebhookRequest, storedFacts: CrmFacts): WebhookVerdict {
  const facts = readFacts(storedFacts)
  if (!isFromOurStep(request, facts)) {
    return { accepted: false, code: 'webhook_unauthorized' }
  }
  const event = readRemoteEvent(request.body)
  if (event === null) {
    return { accepted: false, code: 'webhook_malformed' }
  }
  if (event.organizationId !== facts.organization?.organizationId.toLowerCase()) {
    return { accepted: false, code: 'webhook_wrong_organization' }
  }
  return { accepted: true, hints: hintsOf(event, facts.organization.userId) }
}

/** Judges by the secret, which is in a header: the body is read of our own steps only. */
export function judgeWebhookHeaders(
  headers: WebhookRequest['headers'],
  storedFacts: CrmFacts,
): HeaderVerdict {
  return isFromOurStep({ headers }, readFacts(storedFacts)) ? 'proven' : 'refused'
}

function isFromOurStep(
  { headers }: Pick<WebhookRequest, 'headers'>,
  { webhook }: DynamicsFacts,
): boolean {
  const secret = headers[SECRET_HEADER]
  return (
    secret !== undefined &&
    webhook !== undefined &&
    hasHash(secret, [
      webhook.secretHash,
      webhook.previousSecretHash,
      ...(webhook.triedSecretHashes ?? []),
    ])
  )
}

/** @param ownUserId our application user: an echo of our own write is nobody's act, and holds back no sendout. */
function hintsOf(event: RemoteEvent, ownUserId: string): CrmWebhookHint[] {
  const { entityId, entityName, target, image, operationId } = event
  const isEcho = event.initiatingUserId?.toLowerCase() === ownUserId.toLowerCase()
  const common = { entityId, eventId: operationId }
  if (entityName === 'contact') {
    const carried = target.has('donotbulkemail')
    const addresses = isEcho ? [] : ADDRESS_COLUMNS.flatMap((column) => keysIn(target.get(column)))
    return [
      {
        ...common,
        entity: 'contact',
        contactId: entityId,
        // Whose action an update without the toggle was says nothing about the toggle.
        actorUserId: carried && !isEcho ? event.initiatingUserId : null,
        saysDeny: !isEcho && target.get('donotbulkemail') === true,
        ...(addresses.length === 0 ? {} : { addresses }),
      },
    ]
  }
  if (entityName === SUBSCRIPTIONS_TABLE) {
    const carried = target.has('em_subscribed')
    return [
      {
        ...common,
        entity: 'subscription',
        contactId: referenceId(target.get('em_contact')) ?? referenceId(image.get('em_contact')),
        actorUserId: carried && !isEcho ? event.initiatingUserId : null,
        saysDeny: !isEcho && target.get('em_subscribed') === false,
      },
    ]
  }
  return []
}

/** Keys of all addresses in a field: where a deny counts, also if the field links nobody (rule A). */
function keysIn(value: unknown): readonly string[] {
  if (typeof value !== 'string') {
    return []
  }
  const { key, found } = readAddressField(value)
  return key === null ? found : [key]
}

/** The id of an EntityReference. */
function referenceId(value: unknown): string | null {
  const id = (value as { Id?: unknown } | null | undefined)?.Id
  return isGuid(id) ? id.toLowerCase() : null
}
