import { AppError } from '../../contracts/app-error.js'
import type { RegisteredWebhooks } from './connections.js'
import type { Queryable } from '../db/database.js'

/** An attempt that has been silent for longer is dead. Equal to Temporal's heartbeat timeout. */
const SILENCE_MS = 10_000
const UNTIL = `clock_timestamp() + ${SILENCE_MS} * interval '1 millisecond'`

/** Claims a connection's set-up for one attempt. @returns false: another attempt is running. */
export async function beginAttempt(
  db: Queryable,
  connectionId: string,
  token: string,
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE connections SET setup_attempt = $2, setup_attempt_until = ${UNTIL} WHERE connection_id = $1
        AND (setup_attempt IS NULL OR setup_attempt_until < clock_timestamp()) RETURNING 1`,
    [connectionId, token],
  )
  return rows.length > 0
}

/** Extends the claim. A lost claim stays lost. */
export async function continueAttempt(
  db: Queryable,
  connectionId: string,
  token: string,
): Promise<void> {
  await db.query(
    `UPDATE connections SET setup_attempt_until = ${UNTIL}
      WHERE connection_id = $1 AND setup_attempt = $2`,
    [connectionId, token],
  )
}

/** Releases the claim. */
export async function endAttempt(
  db: Queryable,
  connectionId: string,
  token: string,
): Promise<void> {
  await db.query(
    `UPDATE connections SET setup_attempt = NULL, setup_attempt_until = NULL
      WHERE connection_id = $1 AND setup_attempt = $2`,
    [connectionId, token],
  )
}

/**
 * Merges the facts that an attempt learned over the stored ones; null removes a fact.
 * @param webhooks registered by the attempt; absent: the stored ones stay.
 * @throws AppError `lease_lost` if another attempt has taken over: only its facts are stored.
 */
export async function saveAttemptFacts(
  db: Queryable,
  connectionId: string,
  token: string,
  facts: Readonly<Record<string, unknown>>,
  webhooks?: RegisteredWebhooks,
): Promise<void> {
  const forgotten = Object.keys(facts).filter((key) => facts[key] === null)
  const rows = await db.query(
    `UPDATE connections SET facts = (facts || $3::jsonb) - $4::text[],
        registered_webhooks = coalesce($5::jsonb, registered_webhooks), updated_at = now()
      WHERE connection_id = $1 AND setup_attempt = $2 RETURNING 1`,
    [
      connectionId,
      token,
      JSON.stringify(facts),
      forgotten,
      webhooks ? JSON.stringify(webhooks) : null,
    ],
  )
  if (rows.length === 0) {
    throw new AppError('lease_lost', 'Another attempt of this step of set-up has taken over.')
  }
}
