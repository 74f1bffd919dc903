import type { Queryable, Transaction } from '../db/database.js'

/** How long an address is taken after its successor was registered: what a sender has queued under it comes within hours. */
const OVERLAP_HOURS = 24

/** A secondary address of a connection, beside the one that it has. */
export interface RetiredAddress {
  readonly webhookRef: string
  /** Null: its successor is not known to be registered yet. */
  readonly acceptedUntil: Date | null
}

/** Gives a connection a new address; the one before is retired, and taken until {@link endOverlap} says for how long. */
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
 * An address is registered on both sides: those before are taken for {@link OVERLAP_HOURS} more. Where it has been replaced
 * meanwhile nothing ends: it is what both sides post to until its successor is registered, which ends the others too.
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

/** Addresses of before that are still taken, newest first. */
export function retiredAddresses(db: Queryable, connectionId: string): Promise<RetiredAddress[]> {
  return db.query<RetiredAddress>(
    `SELECT webhook_ref AS "webhookRef", accepted_until AS "acceptedUntil" FROM retired_webhook_refs
      WHERE connection_id = $1 AND (accepted_until IS NULL OR accepted_until > now()) ORDER BY retired_at DESC`,
    [connectionId],
  )
}
