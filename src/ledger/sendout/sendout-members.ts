import type { Channel } from '../../contracts/pre-send.js'
import type { Queryable } from '../db/database.js'
import type { Verdict } from './sendouts.js'

/** A targeted contact, as fixed by the audience. */
export interface SendoutMember {
  readonly position: number
  readonly contactId: string
  readonly email: string | null
  readonly mobile: string | null
  readonly addressId: number | null
}

/** Abandoned work may still run, so a closed run keeps its members and verdicts. `$1`: the run. */
const IS_OPEN = `(SELECT true FROM sendout_runs WHERE sendout_run_id = $1 AND outcome IS NULL FOR SHARE) IS TRUE`

/**
 * Stores members; known positions stay, so a repeated page changes nothing.
 *
 * @returns false: nothing was stored, because the run is closed.
 */
export async function saveMembers(
  db: Queryable,
  sendoutRunId: string,
  members: readonly SendoutMember[],
): Promise<boolean> {
  const [run] = await db.query<{ open: boolean }>(
    `WITH run AS MATERIALIZED (SELECT ${IS_OPEN} AS open), stored AS (
        INSERT INTO sendout_members (sendout_run_id, position, contact_id, email, mobile, address_id)
          SELECT $1, m.* FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::bigint[]) AS m
            WHERE (SELECT open FROM run)
          ON CONFLICT DO NOTHING)
      SELECT open FROM run`,
    [
      sendoutRunId,
      members.map((m) => m.position),
      members.map((m) => m.contactId),
      members.map((m) => m.email),
      members.map((m) => m.mobile),
      members.map((m) => m.addressId),
    ],
  )
  return run!.open
}

const MEMBER = `position, contact_id AS "contactId", email, mobile, address_id AS "addressId"`

/** Members at these positions, in order. */
export function membersAt(
  db: Queryable,
  sendoutRunId: string,
  positions: readonly number[],
): Promise<SendoutMember[]> {
  return db.query<SendoutMember>(
    `SELECT ${MEMBER} FROM sendout_members WHERE sendout_run_id = $1 AND position = ANY($2) ORDER BY position`,
    [sendoutRunId, positions],
  )
}

/** The verdict at a position. */
export interface MemberVerdict {
  readonly position: number
  readonly verdict: Verdict
}

/**
 * Stores the verdicts of neighbouring members with one scan of the index, from the first position to the last. A
 * look-up for each position would cost more than storing. A join with a list of positions would, without statistics of
 * the run, compare every row with the whole list.
 *
 * @param verdicts at most some thousands, in any order, with few gaps between them.
 * @returns false: nothing was stored, because the run is closed.
 */
export async function saveVerdicts(
  db: Queryable,
  sendoutRunId: string,
  verdicts: readonly MemberVerdict[],
): Promise<boolean> {
  const positions = verdicts.map(({ position }) => position)
  const from = positions.length === 0 ? 0 : Math.min(...positions)
  const to = Math.max(from - 1, ...positions)
  const names = [...new Set(verdicts.map(({ verdict }) => verdict))]
  // By position, the number of the verdict's name; 0: no verdict. PostgreSQL finds an element of an array of texts slowly.
  const numbers = new Array<number>(to - from + 1).fill(0)
  for (const { position, verdict } of verdicts) {
    numbers[position - from] = names.indexOf(verdict) + 1
  }
  const [run] = await db.query<{ open: boolean }>(
    `WITH run AS MATERIALIZED (SELECT ${IS_OPEN} AS open), stored AS (
        UPDATE sendout_members SET verdict = ($4::text[])[($5::smallint[])[position - $2 + 1]]
          WHERE sendout_run_id = $1 AND position BETWEEN $2 AND $3 AND ($5::smallint[])[position - $2 + 1] > 0
            AND (SELECT open FROM run))
      SELECT open FROM run`,
    [sendoutRunId, from, to, names, numbers],
  )
  return run!.open
}

/** Keeps the lowest contact id of eligible members with the same address or number (G4). */
export async function excludeDuplicates(
  db: Queryable,
  sendoutRunId: string,
  channel: Channel,
): Promise<void> {
  const key = channel === 'email' ? `address_id` : `regexp_replace(mobile, '[^0-9+]', '', 'g')`
  // A window function finds them, because a join of a run with itself may take time in the square of its size.
  await db.query(
    `UPDATE sendout_members SET verdict = 'duplicateAddress' WHERE sendout_run_id = $1 AND ${IS_OPEN}
      AND position = ANY (ARRAY(SELECT position FROM (SELECT position, row_number() OVER (PARTITION BY ${key}
          ORDER BY length(contact_id), contact_id, position) AS rank
        FROM sendout_members WHERE sendout_run_id = $1 AND verdict = 'eligible') d WHERE d.rank > 1))`,
    [sendoutRunId],
  )
}

/** Members by verdict; undecided ones count as `notVerified`. */
export async function countVerdicts(
  db: Queryable,
  sendoutRunId: string,
): Promise<Map<Verdict, number>> {
  const rows = await db.query<{ verdict: Verdict; count: number }>(
    `SELECT COALESCE(verdict, 'notVerified') AS verdict, count(*) AS count FROM sendout_members
      WHERE sendout_run_id = $1 GROUP BY 1`,
    [sendoutRunId],
  )
  return new Map(rows.map((row) => [row.verdict, row.count]))
}

/** Revokes all eligible members: the sendout was aborted (G5). */
export async function revokeEligible(db: Queryable, sendoutRunId: string): Promise<void> {
  await db.query(
    `UPDATE sendout_members SET verdict = 'notVerified' WHERE sendout_run_id = $1 AND (verdict IS NULL OR verdict = 'eligible')`,
    [sendoutRunId],
  )
}
