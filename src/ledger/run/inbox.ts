import type { OwnWrite } from '../../domain/own-echo.js'
import type { Queryable } from '../db/database.js'
import { withoutEchoes } from './echoes.js'

/** A webhook's hint; it consists of ids. */
export interface InboxHint {
  readonly source: 'crm' | 'emarketeer'
  readonly shard: number
  readonly entity: 'contact' | 'subscription' | 'change'
  readonly entityId: string
  readonly crmContactId: string | null
  readonly actorUserId: string | null
  readonly saysDeny: boolean
  /** Address keys that the event gives the record. Stored as ids of known addresses. */
  readonly addresses?: readonly string[]
  /** See {@link OwnWrite}; absent or null: the event is no echo of ours. */
  readonly ownWrite?: OwnWrite | null
  readonly eventId: string
}

/** A hint that waits. */
export interface WaitingHint extends Omit<InboxHint, 'addresses'> {
  readonly inboxId: number
  readonly receivedAtMs: number
}

/** Hints about one record within this time are handled together. */
const COALESCE_MS = 2_000

/**
 * Stores hints before the sender gets its 2xx. The first hint about a record is due immediately; one within two seconds
 * of another waits for further ones. A repeated event changes nothing, and an echo of our own write is not stored.
 * @returns how many were stored.
 */
export async function putHints(
  db: Queryable,
  connectionId: string,
  given: readonly InboxHint[],
): Promise<number> {
  const hints = await withoutEchoes(db, connectionId, given)
  if (hints.length === 0) {
    return 0
  }
  const rows = await db.query(
    `INSERT INTO inbox (connection_id, source, shard, entity, entity_id, crm_contact_id, actor_user_id, says_deny,
        event_id, address_ids, own_write, not_before)
      SELECT $1, h.source, h.shard, h.entity, h.entity_id, h.crm_contact_id, h.actor_user_id, h.says_deny, h.event_id,
        ARRAY(SELECT a.address_id FROM addresses a WHERE a.connection_id = $1
          AND a.address IN (SELECT jsonb_array_elements_text(h.addresses))), h.own_write, clock_timestamp() + CASE WHEN EXISTS (SELECT FROM inbox i
          WHERE i.connection_id = $1 AND i.source = h.source AND i.entity_id = h.entity_id
            AND i.received_at > clock_timestamp() - $9 * interval '1 millisecond')
        THEN $9 * interval '1 millisecond' ELSE interval '0' END
      FROM unnest($2::text[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[],
        $10::text[], $11::jsonb[], $12::jsonb[]) AS h(source, shard, entity, entity_id, crm_contact_id, actor_user_id, says_deny,
        event_id, addresses, own_write)
      ON CONFLICT (connection_id, source, event_id) DO NOTHING RETURNING 1`,
    [
      connectionId,
      hints.map((h) => h.source),
      hints.map((h) => h.shard),
      hints.map((h) => h.entity),
      hints.map((h) => h.entityId),
      hints.map((h) => h.crmContactId),
      hints.map((h) => h.actorUserId),
      hints.map((h) => h.saysDeny),
      COALESCE_MS,
      hints.map((h) => h.eventId),
      hints.map((h) => JSON.stringify(h.addresses ?? [])),
      hints.map((h) => (h.ownWrite ? JSON.stringify(h.ownWrite) : null)),
    ],
  )
  return rows.length
}

/**
 * The shards of those hints that are not handled yet, whose workflows must be woken. A repeated hint may be handled
 * already: by a workflow, or as an echo (echoes.ts).
 */
export async function shardsToHandle(
  db: Queryable,
  connectionId: string,
  hints: readonly Pick<InboxHint, 'source' | 'eventId'>[],
): Promise<ReadonlySet<number>> {
  const rows = await db.query<{ shard: number }>(
    `SELECT DISTINCT shard FROM inbox
      WHERE connection_id = $1 AND source = ANY($2) AND event_id = ANY($3) AND handled_at IS NULL`,
    [connectionId, [...new Set(hints.map((h) => h.source))], hints.map((h) => h.eventId)],
  )
  return new Set(rows.map((row) => row.shard))
}

const HINT = `inbox_id AS "inboxId", source, shard, entity, entity_id AS "entityId", crm_contact_id AS "crmContactId",
  actor_user_id AS "actorUserId", says_deny AS "saysDeny", own_write AS "ownWrite", event_id AS "eventId",
  extract(epoch FROM received_at)::float8 * 1000 AS "receivedAtMs"`

/** Hints of a shard that are due, oldest first. */
export function dueHints(
  db: Queryable,
  connectionId: string,
  shard: number,
  limit: number,
): Promise<WaitingHint[]> {
  return db.query<WaitingHint>(
    `SELECT ${HINT} FROM inbox WHERE connection_id = $1 AND shard = $2 AND handled_at IS NULL
        AND not_before <= clock_timestamp() ORDER BY inbox_id LIMIT $3`,
    [connectionId, shard, limit],
  )
}

/**
 * Milliseconds until a shard's next hint is due; 0: it is due now; null: none waits. (GREATEST ignores nulls, so it
 * must not be applied to a minimum over no rows.)
 */
export async function nextHintDueMs(
  db: Queryable,
  connectionId: string,
  shard: number,
): Promise<number | null> {
  const [row] = await db.query<{ ms: number }>(
    `SELECT GREATEST(0, ceil(extract(epoch FROM not_before - clock_timestamp()) * 1000))::int AS ms
      FROM inbox WHERE connection_id = $1 AND shard = $2 AND handled_at IS NULL ORDER BY not_before LIMIT 1`,
    [connectionId, shard],
  )
  return row?.ms ?? null
}

export async function markHintsHandled(db: Queryable, inboxIds: readonly number[]): Promise<void> {
  await db.query(`UPDATE inbox SET handled_at = clock_timestamp() WHERE inbox_id = ANY($1)`, [
    inboxIds,
  ])
}

/** Defers hints that could not be handled: 5 s, doubling, up to 10 minutes. The send gate still counts them. */
export async function deferHints(db: Queryable, inboxIds: readonly number[]): Promise<void> {
  await db.query(
    `UPDATE inbox SET attempts = attempts + 1, not_before = clock_timestamp()
        + LEAST(interval '10 minutes', interval '5 seconds' * power(2, LEAST(attempts, 8)))
      WHERE inbox_id = ANY($1)`,
    [inboxIds],
  )
}

/** The denies in the inbox. They count at the send gate (rule G7). */
export async function waitingDeniesOf(db: Queryable, connectionId: string): Promise<WaitingDenies> {
  return {
    waitingDenies: await contactsWithWaitingDeny(db, connectionId),
    waitingDeniesAt: await addressesWithWaitingDeny(db, connectionId),
  }
}

export interface WaitingDenies {
  /** CRM contacts with a waiting deny. */
  readonly waitingDenies: ReadonlySet<string>
  /** Addresses that a waiting hint gives to a record that denies. */
  readonly waitingDeniesAt: ReadonlySet<number>
}

async function contactsWithWaitingDeny(db: Queryable, connectionId: string): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>(
    `SELECT DISTINCT COALESCE(i.crm_contact_id, s.crm_contact_id) AS id FROM inbox i
      LEFT JOIN crm_subscriptions s ON s.connection_id = i.connection_id AND s.row_id = i.entity_id
      WHERE i.connection_id = $1 AND i.source = 'crm' AND i.handled_at IS NULL AND i.says_deny
        AND COALESCE(i.crm_contact_id, s.crm_contact_id) IS NOT NULL`,
    [connectionId],
  )
  return new Set(rows.map((row) => row.id))
}

const WAITING = `i.connection_id = $1 AND i.source = 'crm' AND i.entity = 'contact' AND i.handled_at IS NULL`

/**
 * The record of a hint, looked up by key for each hint. A plain join may be planned as all hints times all records
 * (docs/ledger.md).
 */
const OUR_COPY = `LEFT JOIN LATERAL (SELECT c.state, c.address_id,
    c.consents->'marketingSendouts'->>'value' IN ('deny', 'withdrawn') AS denies
  FROM crm_contacts c WHERE c.connection_id = $1 AND c.crm_contact_id = i.crm_contact_id OFFSET 0) c ON true`

/**
 * The addresses at which a record will deny once a waiting hint is handled: those that the event gives to a record that
 * denies (by the event or by the copy), and that of an ended record that may have come back.
 */
async function addressesWithWaitingDeny(db: Queryable, connectionId: string): Promise<Set<number>> {
  const rows = await db.query<{ id: number }>(
    `SELECT unnest(CASE WHEN i.says_deny OR c.denies THEN i.address_ids ELSE '{}' END) AS id
        FROM inbox i ${OUR_COPY} WHERE ${WAITING}
      UNION SELECT c.address_id FROM inbox i ${OUR_COPY}
        WHERE ${WAITING} AND c.state <> 'live' AND c.address_id IS NOT NULL AND c.denies`,
    [connectionId],
  )
  return new Set(rows.map((row) => row.id))
}

/** The last hint with an actor about each contact. Hints are kept for a week as evidence. */
export async function lastActors(
  db: Queryable,
  connectionId: string,
  crmContactIds: readonly string[],
): Promise<Map<string, { userId: string; receivedAtMs: number }>> {
  const rows = await db.query<{ id: string; userId: string; receivedAtMs: number }>(
    `SELECT DISTINCT ON (crm_contact_id) crm_contact_id AS id, actor_user_id AS "userId",
        extract(epoch FROM received_at)::float8 * 1000 AS "receivedAtMs"
      FROM inbox WHERE connection_id = $1 AND crm_contact_id = ANY($2) AND entity = 'contact'
        AND actor_user_id IS NOT NULL
      ORDER BY crm_contact_id, inbox_id DESC`,
    [connectionId, crmContactIds],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

/** Deletes hints that were handled over a week ago (they hold ids only). @returns how many. */
export async function purgeHandledHints(db: Queryable, connectionId: string): Promise<number> {
  const rows = await db.query(
    `DELETE FROM inbox WHERE connection_id = $1 AND handled_at < now() - interval '7 days' RETURNING 1`,
    [connectionId],
  )
  return rows.length
}
