import type { SecretsVault } from '../../config/secrets/secrets-vault.js'
import { hookUrl } from '../../contracts/names.js'
import type { StepDescription } from '../../contracts/setup-activities.js'
import type { CrmFacts, StepContext, StepVerdict } from '../../crm/crm.js'
import { CHANGE_TYPES } from '../../emarketeer/index.js'
import type { CallContext } from '../../http/index.js'
import type { RegisteredWebhooks } from '../../ledger/connection/connections.js'
import { endOverlap } from '../../ledger/connection/webhook-addresses.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'
import { saveWebhookSecret } from '../../connection/sealed-secrets.js'
import type { CommonStep } from './run-step.js'
import { askGateway } from './ask-gateway.js'

export const WEBHOOKS: StepDescription = {
  id: 'webhooks',
  title: 'Let both systems report changes',
  weight: 15,
  skippable: true,
}

export interface WebhooksStepOptions {
  /** The gateway's public URL, for webhooks. */
  readonly publicUrl: string
  readonly vault: SecretsVault
}

/**
 * Makes both systems post changes to the gateway. Both call the address during registration, so that the gateway is
 * checked first (E2). A CRM that cannot post is not a fault: the sweep is sufficient, and the step ends as `skipped`
 * with the reason.
 */
export function webhooksStep(options: WebhooksStepOptions): CommonStep {
  const { publicUrl } = options
  const verify = async (_session: SyncSession, context: StepContext): Promise<StepVerdict> => {
    const problem = await askGateway(publicUrl, context.signal)
    if (problem !== null) {
      return {
        state: 'paused',
        pause: {
          code: 'gatewayUnreachable',
          message:
            `${publicUrl}/healthz does not answer as our gateway (${problem}), so webhooks would not arrive. ` +
            'Start the gateway, or correct PUBLIC_URL; or skip: then the sweep alone syncs, every half hour.',
          choices: ['retry', 'skip', 'abort'],
          seen: { url: `${publicUrl}/healthz`, found: problem },
        },
      }
    }
    return {
      state: 'due',
      changes: [
        { what: `The CRM posts changes of contacts to ${hookUrl(publicUrl, 'crm', '…')}` },
        { what: `eMarketeer posts changes to ${hookUrl(publicUrl, 'em', '…')}` },
      ],
    }
  }
  return {
    ...WEBHOOKS,

    verify,

    async preview(session, context): Promise<StepVerdict> {
      const before = await verify(session, context)
      const { registeredWebhooks: registered, webhookRef } = session.connection
      const emarketeer = await session.emarketeer.getWebhook(context)
      const isThere =
        registered?.installed === true &&
        registered.publicUrl === publicUrl &&
        registered.webhookRef === webhookRef &&
        emarketeer?.url === hookUrl(publicUrl, 'em', webhookRef)
      return before.state === 'due' && isThere ? { state: 'done' } : before
    },

    async do(session, context, keep) {
      const { facts, webhooks } = await installBoth(session, options, keep, context)
      await keep(facts, webhooks)
      const { installed, reason } = webhooks
      if (installed) {
        const { connectionId, webhookRef } = session.connection
        await endOverlap(session.db, connectionId, webhookRef)
      }
      return installed
        ? { state: 'done' }
        : { state: 'skipped', note: `${reason ?? 'not possible'}; the sweep alone syncs` }
    },

    async check(session, context): Promise<StepVerdict> {
      const known = await session.emarketeer.getWebhook(context)
      const own = known?.url === hookUrl(publicUrl, 'em', session.connection.webhookRef)
      return own ? { state: 'done' } : { state: 'due', changes: [{ what: "eMarketeer's webhook" }] }
    },
  }
}

/**
 * Registers the connection's addresses on both sides: the CRM's with a new secret, eMarketeer's with its existing one.
 * Safe to repeat. Stores eMarketeer's secret; the caller stores the result after both are registered.
 */
export async function installBoth(
  session: SyncSession,
  { publicUrl, vault }: WebhooksStepOptions,
  keep: (facts: CrmFacts) => Promise<void>,
  context: CallContext,
): Promise<{ readonly facts: CrmFacts; readonly webhooks: RegisteredWebhooks }> {
  const { connectionId, webhookRef } = session.connection
  const url = hookUrl(publicUrl, 'crm', webhookRef)
  const crm = await requireCrm(session).client.installWebhooks({ url, keep }, context)
  const { secret } = await session.emarketeer.putWebhook(
    { url: hookUrl(publicUrl, 'em', webhookRef), events: CHANGE_TYPES },
    context,
  )
  await saveWebhookSecret({ db: session.db, vault }, connectionId, secret)
  const { installed, reason, facts } = crm
  return { facts, webhooks: { publicUrl, webhookRef, installed, reason } }
}
