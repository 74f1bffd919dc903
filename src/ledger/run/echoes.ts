import { isEcho, type CopiedValue, type OwnWrite } from '../../domain/own-echo.js'
import type { Queryable, Transaction } from '../db/database.js'

/** The part of a hint that says whether it is an echo. */
interface EventHint {
  readonly entity: 'contact' | 'subscription' | 'change'
  readonly entityId: string
  readonly crmContactId: string | null
  readonly ownWrite?: OwnWrite | null
}

/**
 * Leaves out the hints that only repeat a write of ours that our copy has (`isEcho`). A hint that arrives before the
 * write's answer is stored does not count as an echo yet; it may count as one when it is handled.
 */
export async function withoutEchoes<T extends EventHint>(
  db: Queryable,
  connectionId: string,
  hints: readonly T[],
): Promise<readonly T[]> {
  const ours = hints.filter((hint) => hint.ownWrite)
  if (ours.length === 0) {
    return hints
  }
  const idsOf = (entity: EventHint['entity']) =>
    ours.filter((hint) => hint.entity === entity).map((hint) => hint.entityId)
  const rows = await db.query<CopiedValue & Pick<EventHint, 'entity' | 'entityId'>>(
    `SELECT 'contact' AS entity, crm_contact_id AS "entityId", crm_contact_id AS "contactId", state = 'live' AS counts,
        consents -> 'marketingSendouts' ->> 'value' AS value,
        COALESCE(consents -> 'marketingSendouts' ->> 'lastWriter' = 'us', false) AS "writtenByUs"
        FROM crm_contacts WHERE connection_id = $1 AND crm_contact_id = ANY($2)
      UNION ALL SELECT 'subscription', row_id, crm_contact_id, NOT is_foreign,
        CASE WHEN subscribed THEN 'allow' WHEN NOT subscribed THEN 'deny' END,
        COALESCE(own_version = version, false)
        FROM crm_subscriptions WHERE connection_id = $1 AND row_id = ANY($3)`,
    [connectionId, idsOf('contact'), idsOf('subscription')],
  )
  const keyOf = ({ entity, entityId }: Pick<EventHint, 'entity' | 'entityId'>) =>
    `${entity} ${entityId}`
  const copied = new Map(rows.map((row) => [keyOf(row), row]))
  return hints.filter(
    (hint) => !hint.ownWrite || !isEcho(hint.ownWrite, hint.crmContactId, copied.get(keyOf(hint))),
  )
}

/**
 * Stores the changes that our own writes made in eMarketeer as handled hints, in the transaction that stores the written
 * values in the copy, so that their webhooks report nothing new. A hint that arrived before the write's answer is marked
 * as handled too, unless another transaction holds its row: waiting for that one could deadlock. Existing rows are not
 * inserted, because an insert waits for the row that it conflicts with.
 */
export async function handleEchoes(
  tx: Transaction,
  connectionId: string,
  changeIds: readonly string[],
): Promise<void> {
  if (changeIds.length === 0) {
    return
  }
  await tx.query(
    `WITH early AS (UPDATE inbox SET handled_at = clock_timestamp() WHERE inbox_id = ANY(ARRAY(
        SELECT inbox_id FROM inbox WHERE connection_id = $1 AND source = 'emarketeer' AND event_id = ANY($2)
          AND handled_at IS NULL FOR UPDATE SKIP LOCKED)))
      INSERT INTO inbox (connection_id, source, shard, entity, entity_id, says_deny, event_id, handled_at)
        SELECT $1, 'emarketeer', 0, 'change', id, false, id, clock_timestamp() FROM unnest($2::text[]) AS e(id)
          WHERE (SELECT true FROM inbox i
            WHERE i.connection_id = $1 AND i.source = 'emarketeer' AND i.event_id = e.id LIMIT 1) IS NULL
        ON CONFLICT (connection_id, source, event_id) DO NOTHING`,
    [connectionId, changeIds],
  )
}
