import type { Queryable } from './database.js'

/** A decision of a person over the product's own: who, why, what (rules E3, F4). */
export interface Override {
  /** Makes keeping it twice harmless. */
  readonly overrideId: string
  readonly connectionId: string
  /** What it is about: `setup`, `setup/form`, `held`, `connection`. */
  readonly subject: string
  readonly action: string
  readonly reason: string
  readonly by: string
  readonly detail: Readonly<Record<string, unknown>>
}

/** Keeps an override. Append-only; one that is kept already stays as it is. */
export async function appendOverride(tx: Queryable, override: Override): Promise<void> {
  await tx.query(
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
