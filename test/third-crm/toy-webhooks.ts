import { randomBytes, timingSafeEqual } from 'node:crypto'
import type {
  CrmFacts,
  FactSecrets,
  HeaderVerdict,
  WebhookInstallation,
  WebhookRequest,
  WebhookTarget,
  WebhookVerdict,
} from '../../src/crm/crm.js'
import type { ToyCrm } from './toy-crm.js'
import { SIGNATURE_HEADER, signed, type ToyEvent } from './toy-post.js'

/** Makes the CRM post; the secret does not change. */
export async function installToyWebhook(
  crm: ToyCrm,
  facts: CrmFacts,
  secrets: FactSecrets,
  { url, keep }: WebhookTarget,
): Promise<WebhookInstallation> {
  const known = sealedIn(facts)
  const secret = known === null ? randomBytes(32).toString('hex') : secrets.open(known)
  const learned = { toyWebhook: known ?? secrets.seal(secret) }
  await keep(learned)
  crm.post.postTo({ url, secret })
  return { installed: true, reason: null, facts: learned }
}

/** Ends the posting. */
export function removeToyWebhook(crm: ToyCrm): CrmFacts {
  crm.post.postTo(null)
  return { toyWebhook: null }
}

/** Its signature covers the body. */
export function judgeToyHeaders(headers: WebhookRequest['headers']): HeaderVerdict {
  return headers[SIGNATURE_HEADER] === undefined ? 'refused' : 'open'
}

/** Judges a posted event. */
export function receiveToyWebhook(
  { headers, body }: WebhookRequest,
  facts: CrmFacts,
  secrets: FactSecrets | undefined,
): WebhookVerdict {
  const sealed = sealedIn(facts)
  const given = Buffer.from(headers[SIGNATURE_HEADER] ?? '')
  const due = Buffer.from(sealed === null ? '' : signed(secrets!.open(sealed), body))
  if (due.length === 0 || given.length !== due.length || !timingSafeEqual(given, due)) {
    return { accepted: false, code: 'webhook_unauthorized' }
  }
  const { personId, withdrawn, by } = JSON.parse(body.toString('utf8')) as ToyEvent
  const theirs = by === 'user'
  return {
    accepted: true,
    hints: [
      {
        entity: 'contact',
        entityId: personId,
        contactId: personId,
        actorUserId: theirs ? 'user' : null,
        saysDeny: theirs && withdrawn,
        eventId: null,
      },
    ],
  }
}

function sealedIn({ toyWebhook }: CrmFacts): string | null {
  return typeof toyWebhook === 'string' ? toyWebhook : null
}
