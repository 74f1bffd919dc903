import { AppError } from '../../contracts/app-error.js'
import type { Queryable, Transaction } from '../db/database.js'

/** A loader that has been silent for longer is dead. */
const SILENCE = `interval '90 seconds'`

/**
 * Claims the load of eMarketeer's complete state. @returns false: another loader has the claim, or the load is done.
 */
export async function startLoad(
  db: Queryable,
  connectionId: string,
  token: string,
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE connections SET emarketeer_load_token = $2,
        emarketeer_load_expires_at = clock_timestamp() + ${SILENCE}
      WHERE connection_id = $1 AND emarketeer_cursor IS NULL
        AND (emarketeer_load_expires_at IS NULL OR emarketeer_load_expires_at < clock_timestamp())
      RETURNING 1`,
    [connectionId, token],
  )
  return rows.length > 0
}

/**
 * Confirms the claim in each page's transaction, so that a loader that lost it stores nothing.
 * @throws AppError `lease_lost`, retryable.
 */
export async function continueLoad(
  tx: Transaction,
  connectionId: string,
  token: string,
): Promise<void> {
  const rows = await tx.query(
    `UPDATE connections SET emarketeer_load_expires_at = clock_timestamp() + ${SILENCE}
      WHERE connection_id = $1 AND emarketeer_load_token = $2 AND emarketeer_cursor IS NULL RETURNING 1`,
    [connectionId, token],
  )
  if (rows.length === 0) {
    throw new AppError('lease_lost', 'Another reader loads eMarketeer now.')
  }
}

export async function endLoad(db: Queryable, connectionId: string, token: string): Promise<void> {
  await db.query(
    `UPDATE connections SET emarketeer_load_token = NULL, emarketeer_load_expires_at = NULL
      WHERE connection_id = $1 AND emarketeer_load_token = $2`,
    [connectionId, token],
  )
}
