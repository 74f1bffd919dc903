import { AppError } from '../../contracts/app-error.js'
import type { Queryable } from '../db/database.js'

/** The fact that names the working attempt of a set-up step: without it no attempt stores what it learned. */
const FACT = 'setupAttempt'

/** An attempt that is silent for longer is dead: Temporal's heartbeat timeout. */
const SILENCE_MS = 10_000

/** Claims a connection's set-up for one attempt. @returns false: another one is at work. */
export async function beginAttempt(
  db: Queryable,
  connectionId: string,
  token: string,
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE connections SET facts = facts || ${stamp('$2')} WHERE connection_id = $1
        AND (facts->'${FACT}' IS NULL OR (facts->'${FACT}'->>'untilMs')::bigint < ${NOW_MS}) RETURNING 1`,
    [connectionId, token],
  )
  return rows.length > 0
}

/** Extends the claim. A claim that was lost stays lost. */
export async function continueAttempt(
  db: Queryable,
  connectionId: string,
  token: string,
): Promise<void> {
  await db.query(
    `UPDATE connections SET facts = facts || ${stamp('$2')}
      WHERE connection_id = $1 AND facts->'${FACT}'->>'token' = $2`,
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
    `UPDATE connections SET facts = facts - '${FACT}'
      WHERE connection_id = $1 AND facts->'${FACT}'->>'token' = $2`,
    [connectionId, token],
  )
}

/**
 * Merges what an attempt learned over the earlier facts; null forgets one.
 * @throws AppError `lease_lost` if another attempt has taken over: its facts count.
 */
export async function saveAttemptFacts(
  db: Queryable,
  connectionId: string,
  token: string,
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  const forgotten = Object.keys(facts).filter((key) => facts[key] === null)
  const rows = await db.query(
    `UPDATE connections SET facts = (facts || $3::jsonb) - $4::text[], updated_at = now()
      WHERE connection_id = $1 AND facts->'${FACT}'->>'token' = $2 RETURNING 1`,
    [connectionId, token, JSON.stringify(facts), forgotten],
  )
  if (rows.length === 0) {
    throw new AppError('lease_lost', 'Another attempt of this step of set-up has taken over.')
  }
}

const NOW_MS = `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`

function stamp(token: string): string {
  return `jsonb_build_object('${FACT}', jsonb_build_object('token', ${token}::text, 'untilMs', ${NOW_MS} + ${SILENCE_MS}))`
}
