import type { CellKey } from '../../domain/cell-key.js'
import type { DecisionInputs, RuleLine } from '../../domain/reconcile/types.js'
import type { Trigger } from '../../contracts/names.js'
import type { Queryable, Transaction } from '../db/database.js'

/** Evidence of one decision that writes (rule F6). It is stored with the decision, before any call. */
export interface ConsentEvent {
  readonly eventId: string
  readonly connectionId: string
  readonly addressId: number
  readonly cellKey: CellKey
  readonly line: RuleLine
  readonly inputs: DecisionInputs
  readonly ambiguous: boolean
  readonly movedSide: 'emarketeer' | 'crm' | 'both' | 'none'
  readonly emarketeerOld: string
  readonly emarketeerNew: string
  readonly crmOld: string
  readonly crmNew: string
  readonly actorType: string | null
  readonly actorId: string | null
  /** Start of the range within which the act happened. */
  readonly actedFromMs: number | null
  readonly actedToMs: number | null
  /** Evidence of a positive basis, as text; `none`: there is none (B5). */
  readonly evidence: string | null
  /** The basis that a Consent from the CRM replaced (B5). */
  readonly replacedBasis: string | null
  readonly trigger: Trigger
  readonly workflowId: string
  readonly runId: string
}

/** The outcome of one write of a decision. */
export interface WriteOutcomeRow {
  readonly eventId: string
  readonly side: 'emarketeer' | 'crm'
  readonly recordId: string
  readonly outcome:
    | 'applied'
    /** Applied, but the read-back shows another writer's value, or not only ours. */
    | 'overtaken'
    | 'unchanged'
    | 'conflict'
    | 'gone'
    | 'refused'
    | 'unknown'
    | 'notSent'
  readonly version: string | null
}

export async function appendConsentEvents(
  tx: Transaction,
  events: readonly ConsentEvent[],
): Promise<void> {
  if (events.length === 0) {
    return
  }
  await tx.query(
    `INSERT INTO consent_events (event_id, connection_id, address_id, cell_key, line, inputs, ambiguous, moved_side,
        emarketeer_old, emarketeer_new, crm_old, crm_new, actor_type, actor_id, acted_from, acted_to, evidence,
        replaced_basis, tier, workflow_id, run_id)
      SELECT (e->>'eventId')::uuid, e->>'connectionId', (e->>'addressId')::bigint, e->>'cellKey', e->>'line',
        e->'inputs', (e->>'ambiguous')::boolean, e->>'movedSide', e->>'emarketeerOld', e->>'emarketeerNew',
        e->>'crmOld', e->>'crmNew', e->>'actorType', e->>'actorId',
        to_timestamp((e->>'actedFromMs')::float8 / 1000), to_timestamp((e->>'actedToMs')::float8 / 1000),
        e->>'evidence', e->>'replacedBasis', e->>'trigger', e->>'workflowId', (e->>'runId')::uuid
      FROM jsonb_array_elements($1::jsonb) AS e`,
    [JSON.stringify(events)],
  )
}

export async function appendOutcomes(
  tx: Transaction,
  outcomes: readonly WriteOutcomeRow[],
): Promise<void> {
  if (outcomes.length === 0) {
    return
  }
  await tx.query(
    `INSERT INTO consent_event_outcomes (event_id, side, record_id, outcome, version)
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])`,
    [
      outcomes.map((o) => o.eventId),
      outcomes.map((o) => o.side),
      outcomes.map((o) => o.recordId),
      outcomes.map((o) => o.outcome),
      outcomes.map((o) => o.version),
    ],
  )
}

/** A positive value that eMarketeer's feed shows as written by us. */
export interface ShownLoosening {
  readonly addressId: number
  readonly cellKey: CellKey
  readonly basis: string
  readonly version: number
}

/**
 * Those of these writes that no decision for their own address explains: the contact had moved there after the decision
 * (docs/sync.md, "A write that follows its contact"). A decision explains a write that its outcome names, or
 * one of its value while its outcome is not known.
 */
export async function undecidedLoosenings<T extends ShownLoosening>(
  db: Queryable,
  connectionId: string,
  shown: readonly T[],
): Promise<T[]> {
  if (shown.length === 0) {
    return []
  }
  const rows = await db.query<{ n: number }>(
    `SELECT n::int FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[])
        WITH ORDINALITY AS s(address_id, cell_key, basis, version, n)
      WHERE NOT EXISTS (
        SELECT FROM consent_events e
          LEFT JOIN consent_event_outcomes o ON o.event_id = e.event_id AND o.side = 'emarketeer'
        WHERE e.connection_id = $1 AND e.address_id = s.address_id AND e.cell_key = s.cell_key
          AND e.emarketeer_new = s.basis AND e.emarketeer_old <> e.emarketeer_new
          AND (o.event_id IS NULL OR o.outcome = 'unknown' OR (o.outcome = 'applied' AND o.version = s.version)))`,
    [
      connectionId,
      shown.map((one) => one.addressId),
      shown.map((one) => one.cellKey),
      shown.map((one) => one.basis),
      shown.map((one) => String(one.version)),
    ],
  )
  return rows.map(({ n }) => shown[n - 1]!)
}

/** An event in the form that `why` reads. */
export interface RecordedConsentEvent extends Omit<
  ConsentEvent,
  'connectionId' | 'runId' | 'eventId'
> {
  readonly recordedAt: Date
  readonly outcomes: readonly { side: string; outcome: string; recordId: string }[]
}

/** A decision whose proof was spoiled only by an unrelated edit of the CRM record. */
export interface AmbiguousDecision {
  readonly at: Date
  readonly cell: CellKey
  readonly line: RuleLine
  /** The eMarketeer contact that has the address now; null: none. */
  readonly contactId: string | null
}

/** The newest `limit` ambiguous decisions of a connection, newest first. */
export function ambiguousDecisionsOf(
  db: Queryable,
  connectionId: string,
  limit: number,
): Promise<AmbiguousDecision[]> {
  return db.query<AmbiguousDecision>(
    `SELECT e.recorded_at AS at, e.cell_key AS cell, e.line,
        (SELECT min(c.contact_id) FROM emarketeer_contacts c WHERE c.address_id = e.address_id) AS "contactId"
      FROM consent_events e WHERE e.connection_id = $1 AND e.ambiguous ORDER BY e.recorded_at DESC LIMIT $2`,
    [connectionId, limit],
  )
}

/** An address's events, oldest first. */
export function consentEventsOf(
  db: Queryable,
  connectionId: string,
  addressId: number,
): Promise<RecordedConsentEvent[]> {
  return db.query<RecordedConsentEvent>(
    `SELECT e.address_id AS "addressId", e.cell_key AS "cellKey", e.line, e.inputs, e.ambiguous,
        e.moved_side AS "movedSide", e.emarketeer_old AS "emarketeerOld", e.emarketeer_new AS "emarketeerNew",
        e.crm_old AS "crmOld", e.crm_new AS "crmNew", e.actor_type AS "actorType", e.actor_id AS "actorId",
        extract(epoch FROM e.acted_from)::float8 * 1000 AS "actedFromMs",
        extract(epoch FROM e.acted_to)::float8 * 1000 AS "actedToMs", e.evidence,
        e.replaced_basis AS "replacedBasis", e.tier AS trigger, e.workflow_id AS "workflowId", e.recorded_at AS "recordedAt",
        COALESCE((SELECT jsonb_agg(jsonb_build_object('side', o.side, 'outcome', o.outcome, 'recordId', o.record_id))
          FROM consent_event_outcomes o WHERE o.event_id = e.event_id), '[]') AS outcomes
      FROM consent_events e WHERE e.connection_id = $1 AND e.address_id = $2 ORDER BY e.sequence`,
    [connectionId, addressId],
  )
}
