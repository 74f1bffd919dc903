import type { Queryable } from '../db/database.js'

/** A person's decision that overrides the product's: who, why, what (rules E3, F4). */
export interface Override {
  /** Identifies it: storing the same id again changes nothing. */
  readonly overrideId: string
  readonly connectionId: string
  /** The subject: `setup`, `setup/form`, `held`, `connection`. */
  readonly subject: string
  readonly action: string
  readonly reason: string
  readonly by: string
  readonly detail: Readonly<Record<string, unknown>>
}

/** A stored override. */
export interface KeptOverride {
  readonly at: Date
  readonly subject: string
  readonly action: string
  readonly reason: string
  readonly by: string
}

/** People's decisions on a connection, newest first. */
export function overridesOf(
  db: Queryable,
  connectionId: string,
  limit: number,
): Promise<KeptOverride[]> {
  return db.query<KeptOverride>(
    `SELECT recorded_at AS at, subject, action, reason, by_whom AS by FROM overrides
      WHERE connection_id = $1 ORDER BY recorded_at DESC LIMIT $2`,
    [connectionId, limit],
  )
}

/** Stores an override. The table is append-only; a stored one does not change. */
export async function appendOverride(db: Queryable, override: Override): Promise<void> {
  await db.query(
    `INSERT INTO overrides (override_id, connection_id, subject, action, reason, by_whom, detail)
      VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (override_id) DO NOTHING`,
    [
      override.overrideId,
      override.connectionId,
      override.subject,
      override.action,
      override.reason,
      override.by,
      JSON.stringify(override.detail),
    ],
  )
}
