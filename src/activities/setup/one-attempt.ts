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

/** Keeps what an attempt has learned, and which webhooks it has registered. @throws AppError `lease_lost` once another one has taken over. */
export type KeepFacts = (facts: CrmFacts, webhooks?: RegisteredWebhooks) => Promise<void>

/** The right of one attempt to work. */
export interface Attempt {
  readonly keep: KeepFacts
  /** Lets the next attempt begin. Never fails. */
  end(): Promise<void>
}

/**
 * Lets one attempt of a connection's set-up steps work at a time. Temporal begins the next one when heartbeats are
 * missed, and the one before may be alive all the same: looking and making what is missing is safe to repeat, but not to
 * interleave, as two that look find nothing and make two (webhooks, whose secret only one of them knows). The next one
 * waits until the one before has ended or is silent; one that wakes up after that keeps nothing any more.
 *
 * @param onWait told again and again while it waits. @throws the signal's reason; AppError `database_unreachable`.
 */
export async function takeAttempt(
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
    // A database that is away for a moment shows at the next use.
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
