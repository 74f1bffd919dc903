import { countDisagreements } from './disagreements.js'
import type { Queryable } from '../db/database.js'

/** How many of what a connection holds. */
export interface ConnectionCounts {
  /** Addresses with somebody on both sides. */
  readonly linked: number
  /** Addresses that wait for a pass. */
  readonly due: number
  /** Loosening decisions that wait for one approval (F4). */
  readonly held: number
  /** Consent events whose proof was spoiled by an unrelated edit. */
  readonly ambiguousEvents: number
  /** Addresses whose CRM records disagree, some withdrawn and others not (C5): not mailed until somebody decides. */
  readonly disagreements: number
  /** Live CRM records of which a consent cannot be read: a column is missing. Not mailed, and no sendout is complete. */
  readonly unreadable: number
  /** Addresses whose state in eMarketeer was asked for and cannot be read. Not mailed, and no sendout is complete. */
  readonly unreadableInEmarketeer: number
  /** Subscription rows of the CRM that are empty, or cannot be read: neither a Yes nor a No. */
  readonly unknownSubscriptions: number
}

/** Counts for `connection show`; seconds on millions of contacts. */
export async function connectionCounts(
  db: Queryable,
  connectionId: string,
): Promise<ConnectionCounts> {
  const [counts] = await db.query<Omit<ConnectionCounts, 'disagreements'>>(
    `SELECT
      (SELECT count(*) FROM addresses a WHERE a.connection_id = $1
        AND EXISTS (SELECT FROM emarketeer_contacts e WHERE e.address_id = a.address_id)
        AND EXISTS (SELECT FROM crm_contacts c WHERE c.address_id = a.address_id AND c.state = 'live')) AS linked,
      (SELECT count(*) FROM addresses WHERE connection_id = $1 AND dirty_tick IS NOT NULL) AS due,
      (SELECT count(*) FROM loosenings WHERE connection_id = $1 AND state = 'held') AS held,
      (SELECT count(*) FROM consent_events WHERE connection_id = $1 AND ambiguous) AS "ambiguousEvents",
      (SELECT count(*) FROM crm_contacts WHERE connection_id = $1 AND state = 'live'
        AND jsonb_path_exists(consents, '$.*.value ? (@ == null)')) AS unreadable,
      (SELECT count(*) FROM addresses WHERE connection_id = $1 AND emarketeer_unreadable
        AND emarketeer_unread) AS "unreadableInEmarketeer",
      (SELECT count(*) FROM crm_subscriptions WHERE connection_id = $1 AND category_id IS NOT NULL
        AND subscribed IS NULL) AS "unknownSubscriptions"`,
    [connectionId],
  )
  return { ...counts!, disagreements: await countDisagreements(db, connectionId) }
}
