import type { SecretsVault } from '../../config/secrets/secrets-vault.js'
import type { StepDescription } from '../../contracts/setup-activities.js'
import type { CrmFacts, StepContext, StepVerdict, WebhookInstallation } from '../../crm/crm.js'
import { CHANGE_TYPES } from '../../emarketeer/index.js'
import type { CallContext } from '../../http/index.js'
import { endOverlap } from '../../ledger/connection/webhook-addresses.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'
import { saveWebhookSecret } from '../../connection/sealed-secrets.js'
import type { CommonStep } from './common-step.js'
import { askGateway } from './ask-gateway.js'

/** The step, as the workflow shows it. */
export const WEBHOOKS: StepDescription = {
  id: 'webhooks',
  title: 'Let both systems report changes',
  weight: 15,
  skippable: true,
}

/** What the webhooks are installed with. */
export interface WebhooksStepOptions {
  /** Where webhooks reach the gateway. */
  readonly publicUrl: string
  readonly vault: SecretsVault
}

/** Facts that the step keeps, for `connection show`. */
interface WebhooksFact {
  readonly url: string
  readonly installed: boolean
  readonly reason: string | null
}

/**
 * Makes both systems post changes to the gateway. Both try the address while it is registered, so the gateway is asked
 * first (E2). A CRM that cannot post is no fault: the sweep alone suffices, and the step ends `skipped` with the reason.
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
        { what: `The CRM posts changes of contacts to ${publicUrl}/hooks/crm/…` },
        { what: `eMarketeer posts changes to ${publicUrl}/hooks/em/…` },
      ],
    }
  }
  return {
    ...WEBHOOKS,

    verify,

    async preview(session, context): Promise<StepVerdict> {
      const before = await verify(session, context)
      const crm = session.connection.facts['webhooks'] as WebhooksFact | undefined
      const emarketeer = await session.emarketeer.getWebhook(context)
      const isThere =
        crm?.installed === true &&
        crm.url === urlOf(session, publicUrl, 'crm') &&
        emarketeer?.url === urlOf(session, publicUrl, 'em')
      return before.state === 'due' && isThere ? { state: 'done' } : before
    },

    async do(session, context, keep) {
      const { installed, reason, facts } = await installBoth(session, options, keep, context)
      if (installed) {
        const { connectionId, webhookRef } = session.connection
        await endOverlap(session.db, connectionId, webhookRef)
      }
      return installed
        ? { state: 'done', facts }
        : { state: 'skipped', facts, note: `${reason ?? 'not possible'}; the sweep alone syncs` }
    },

    async check(session, context): Promise<StepVerdict> {
      const known = await session.emarketeer.getWebhook(context)
      const own = known?.url === urlOf(session, publicUrl, 'em')
      return own ? { state: 'done' } : { state: 'due', changes: [{ what: "eMarketeer's webhook" }] }
    },
  }
}

/**
 * Registers the connection's addresses on both sides, safe to repeat: the CRM's with a new secret, eMarketeer's with the one
 * that it has. Stores eMarketeer's secret; the facts are the caller's to keep, once both are registered.
 */
export async function installBoth(
  session: SyncSession,
  { publicUrl, vault }: WebhooksStepOptions,
  keep: (facts: CrmFacts) => Promise<void>,
  context: CallContext,
): Promise<WebhookInstallation> {
  const url = urlOf(session, publicUrl, 'crm')
  const crm = await requireCrm(session).client.installWebhooks({ url, keep }, context)
  const { secret } = await session.emarketeer.putWebhook(
    { url: urlOf(session, publicUrl, 'em'), events: CHANGE_TYPES },
    context,
  )
  await saveWebhookSecret({ db: session.db, vault }, session.connection.connectionId, secret)
  const webhooks: WebhooksFact = { url, installed: crm.installed, reason: crm.reason }
  return { ...crm, facts: { ...crm.facts, webhooks } }
}

function urlOf({ connection }: SyncSession, publicUrl: string, side: 'crm' | 'em'): string {
  return `${publicUrl}/hooks/${side}/${connection.webhookRef}`
}
