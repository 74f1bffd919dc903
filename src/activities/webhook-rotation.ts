import { Context } from '@temporalio/activity'
import { AppError } from '../contracts/app-error.js'
import type { WebhookActivities } from '../contracts/lifecycle-activities.js'
import { permitsOf } from '../domain/connection-state.js'
import { rotateWebhookAddress } from '../ledger/connection/connection-life.js'
import { endOverlap } from '../ledger/connection/webhook-addresses.js'
import type { SyncSession } from '../connection/session.js'
import { saveWebhookSecret } from '../connection/sealed-secrets.js'
import { failing, onConnection, NO_RUN } from './perform.js'
import { askGateway } from './setup/ask-gateway.js'
import { acquireAttempt, type KeepFacts } from './setup/one-attempt.js'
import { installBoth } from './setup/webhooks-step.js'
import type { SetupActivityOptions } from './setup-activities.js'

/**
 * Activities that give a connection's webhooks new addresses and secrets (docs/gateway.md, New addresses and secrets).
 */
export function createWebhookActivities(options: SetupActivityOptions): WebhookActivities {
  const { systems } = options
  const { db } = systems
  return {
    beginWebhookRotation: (intervention) =>
      failing(() => db.transaction((tx) => rotateWebhookAddress(tx, intervention))),

    installRotatedWebhooks: async ({ connectionId }) => {
      const context = Context.current()
      const waiting = { signal: context.cancellationSignal, onWait: () => context.heartbeat() }
      // Set-up's own step must not register the webhooks at the same time.
      const attempt = await failing(() => acquireAttempt(db, connectionId, waiting))
      try {
        const run = { connectionId, runId: NO_RUN, tier: 'manual' } as const
        const work = (session: SyncSession) => installRotated(options, session, attempt.keep)
        return await onConnection(systems, run, work, { allowInactive: true })
      } finally {
        await attempt.end()
      }
    },
  }
}

/**
 * Registers the new address and new secrets on both sides. The former ones are accepted until both sides have the new
 * ones.
 */
async function installRotated(
  options: SetupActivityOptions,
  session: SyncSession,
  keep: KeepFacts,
): Promise<{ readonly installed: boolean; readonly reason: string | null }> {
  const { connection, call, db, emarketeer } = session
  const { connectionId } = connection
  const { hints, refusedAs } = permitsOf(connection)
  if (hints === 'refused') {
    throw new AppError(refusedAs, `Connection ${connectionId} is disabled.`)
  }
  const problem = await askGateway(options.publicUrl, call.signal)
  if (problem !== null) {
    const message = `${options.publicUrl}/healthz does not answer as our gateway (${problem}).`
    throw new AppError('gateway_unreachable', message)
  }
  const { facts, webhooks } = await installBoth(session, options, keep, call)
  // eMarketeer also signs with the former secret for 24 hours, so that the stored one always fits.
  const { secret } = await emarketeer.rotateWebhookSecret(call)
  await saveWebhookSecret({ db, vault: options.vault }, connectionId, secret)
  await keep(facts, webhooks)
  const { installed, reason } = webhooks
  if (installed) {
    await endOverlap(db, connectionId, connection.webhookRef)
  }
  return { installed, reason }
}
