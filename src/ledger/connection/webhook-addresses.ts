import type { Queryable, Transaction } from '../db/database.js'

/** How long an address works after its successor was registered. A sender's queue empties within hours. */
const OVERLAP_HOURS = 24

/** A former webhook address of a connection. */
export interface RetiredAddress {
  readonly webhookRef: string
  /** null: its successor is not known to be registered. */
  readonly acceptedUntil: Date | null
}

/** Gives a connection a new webhook address. The former one works until {@link endOverlap} sets its end. */
export async function replaceWebhookRef(
  tx: Transaction,
  connectionId: string,
  webhookRef: string,
): Promise<void> {
  await tx.query(
    `DELETE FROM retired_webhook_refs WHERE connection_id = $1 AND accepted_until < now()`,
    [connectionId],
  )
  await tx.query(
    `INSERT INTO retired_webhook_refs (webhook_ref, connection_id)
      SELECT webhook_ref, connection_id FROM connections WHERE connection_id = $1`,
    [connectionId],
  )
  await tx.query(
    `UPDATE connections SET webhook_ref = $2, updated_at = now() WHERE connection_id = $1`,
    [connectionId, webhookRef],
  )
}

/**
 * Sets the end of former addresses after an address was registered on both sides: they work for {@link OVERLAP_HOURS}
 * more. If that address was replaced meanwhile, no end is set: both sides use it until its successor is registered,
 * which then ends all others.
 */
export async function endOverlap(
  db: Queryable,
  connectionId: string,
  registeredRef: string,
): Promise<void> {
  await db.query(
    `UPDATE retired_webhook_refs SET accepted_until = now() + $2 * interval '1 hour'
      WHERE connection_id = $1 AND accepted_until IS NULL
        AND EXISTS (SELECT FROM connections WHERE connection_id = $1 AND webhook_ref = $3)`,
    [connectionId, OVERLAP_HOURS, registeredRef],
  )
}

/** The former addresses that still work, newest first. */
export function retiredAddresses(db: Queryable, connectionId: string): Promise<RetiredAddress[]> {
  return db.query<RetiredAddress>(
    `SELECT webhook_ref AS "webhookRef", accepted_until AS "acceptedUntil" FROM retired_webhook_refs
      WHERE connection_id = $1 AND (accepted_until IS NULL OR accepted_until > now()) ORDER BY retired_at DESC`,
    [connectionId],
  )
}
