import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { CrmFacts } from '../../crm/crm.js'
import type { RegisteredWebhooks } from '../../ledger/connection/connections.js'
import type { Database } from '../../ledger/db/database.js'
import {
  beginAttempt,
  continueAttempt,
  endAttempt,
  saveAttemptFacts,
} from '../../ledger/connection/setup-attempt.js'

const LOOK_EVERY_MS = 250
const ALIVE_EVERY_MS = 2_500

/**
 * Stores the facts of an attempt, and the webhooks that it registered. @throws AppError `lease_lost`, retryable, after
 * another attempt has taken over.
 */
export type KeepFacts = (facts: CrmFacts, webhooks?: RegisteredWebhooks) => Promise<void>

export interface Attempt {
  readonly keep: KeepFacts
  end(): Promise<void>
}

/**
 * Admits one attempt of a connection's set-up steps at a time. Temporal starts the next attempt after missed
 * heartbeats, while the previous one may still be alive. Checking and installing is safe to repeat but not to
 * interleave: two attempts that find nothing install two (webhooks, whose secret only one of them knows). The next
 * attempt waits until the previous one has ended or has been silent for too long. An attempt that wakes up later can
 * store nothing.
 * @param onWait called repeatedly while it waits. @throws the signal's reason; AppError `database_unreachable`.
 */
export async function acquireAttempt(
  db: Database,
  connectionId: string,
  { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: () => void },
): Promise<Attempt> {
  const token = randomUUID()
  while (!(await beginAttempt(db, connectionId, token))) {
    onWait()
    await wait(LOOK_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
  const alive = setInterval(() => {
    // The next use of the database reports an outage that lasts.
    continueAttempt(db, connectionId, token).catch(() => undefined)
  }, ALIVE_EVERY_MS)
  return {
    keep: (facts, webhooks) => saveAttemptFacts(db, connectionId, token, facts, webhooks),
    async end() {
      clearInterval(alive)
      await endAttempt(db, connectionId, token).catch(() => undefined)
    },
  }
}
