import type { Queryable } from '../db/database.js'

/** A sendout's run, and the connection that has its addresses. */
interface OpenIn {
  readonly sendoutRunId: string
  readonly connectionId: string
}

/** Positions of a sendout's members: `from` inclusive, `to` exclusive. */
interface Positions {
  readonly from: number
  readonly to: number
}

/**
 * Most open addresses of a connection that are looked up among the members of a sendout. If there are more, the addresses
 * of the members are looked at instead, so that memory stays bounded, and a small sendout does not pass over everybody who
 * waits.
 */
const MOST_OPEN = 20_000

const DUE = `dirty_tick IS NOT NULL`
/** A mark that waits for tomorrow's budget of rows asks for no pass today. */
const IS_DUE = `${DUE} AND COALESCE(not_before, now()) < current_date + 1`
/** As the index `addresses_unsure` has it. */
const UNSURE = `(emarketeer_unread OR crm_doubtful_tick IS NOT NULL)`

/**
 * Counts a connection's open addresses: those that need a pass or a reading before a decision about them, of whichever
 * sendout. One that waits for tomorrow's budget of rows does not.
 * @returns null: more than 20,000 are open or wait.
 */
export async function countOpenAddresses(
  db: Queryable,
  connectionId: string,
): Promise<number | null> {
  return (await openAddresses(db, connectionId, 'open', MOST_OPEN))?.length ?? null
}

/**
 * The open addresses of a range of members, and those named in a member's address field (rule A).
 * @param most how many open addresses of the connection are looked up among the members; if there are more, the members'
 *   addresses are looked at. @returns their ids, in order.
 */
export async function openMemberAddresses(
  db: Queryable,
  run: OpenIn,
  range: Positions,
  most = MOST_OPEN,
): Promise<number[]> {
  const open = await openAddresses(db, run.connectionId, 'open', most)
  return open === null
    ? memberAddresses(db, run.sendoutRunId, range, 'open')
    : amongMembers(db, run, range, await withTexts(db, open))
}

/**
 * Addresses whose state in eMarketeer must be read before a decision: of a member, named in a member's address field, or a
 * text that names a member (rule A).
 * @param most as for {@link openMemberAddresses}. @returns their ids, in order; some may be open for another reason.
 */
export async function unreadMemberAddresses(
  db: Queryable,
  run: OpenIn,
  range: Positions,
  most = MOST_OPEN,
): Promise<number[]> {
  const unread = await openAddresses(db, run.connectionId, 'unread', most)
  if (unread === null) {
    const open = await memberAddresses(db, run.sendoutRunId, range, 'open')
    return [...open, ...(await unreadMentionsOfMembers(db, run.sendoutRunId, range))]
  }
  const named = await db.query<Candidate>(
    `SELECT address_id AS id, mentioned_address_id AS member FROM address_mentions WHERE address_id = ANY($1)`,
    [unread],
  )
  return amongMembers(db, run, range, [...(await withTexts(db, unread)), ...named])
}

/** Addresses of a range of members, and those named in a member's address field (rule A). `open`: only open ones. */
export async function memberAddresses(
  db: Queryable,
  sendoutRunId: string,
  range: Positions,
  which: 'all' | 'open',
): Promise<number[]> {
  const isChosen = which === 'all' ? 'true' : `((${IS_DUE}) OR ${UNSURE})`
  const rows = await db.query<{ id: number }>(
    `SELECT a.address_id AS id FROM sendout_members m JOIN addresses a USING (address_id)
        WHERE m.sendout_run_id = $1 AND m.position >= $2 AND m.position < $3 AND ${isChosen}
      UNION SELECT a.address_id FROM addresses a WHERE ${isChosen} AND a.address_id = ANY (ARRAY(
        SELECT mentioned_address_id FROM address_mentions WHERE address_id = ANY (ARRAY(
          SELECT address_id FROM sendout_members WHERE sendout_run_id = $1 AND position >= $2 AND position < $3))))
      ORDER BY id`,
    [sendoutRunId, range.from, range.to],
  )
  return rows.map((row) => row.id)
}

/** An address that is wanted if the other one is a member's. */
interface Candidate {
  readonly id: number
  readonly member: number
}

/** The connection's open addresses by the indexes of them; null: more than `most` are open or wait. */
async function openAddresses(
  db: Queryable,
  connectionId: string,
  which: 'open' | 'unread',
  most: number,
): Promise<number[] | null> {
  const due =
    which === 'open'
      ? `SELECT address_id, ${IS_DUE} AS wanted FROM addresses WHERE connection_id = $1 AND ${DUE} LIMIT $2`
      : `SELECT NULL::bigint, false LIMIT 0`
  const unsure = which === 'open' ? 'true' : 'emarketeer_unread'
  // The limit is one of marks looked at: those that wait cost as much.
  const [row] = await db.query<{ seen: number; ids: string[] | null }>(
    `SELECT count(*) AS seen, array_agg(DISTINCT address_id) FILTER (WHERE wanted) AS ids FROM (
        (${due}) UNION ALL (SELECT address_id, ${unsure} FROM addresses WHERE connection_id = $1 AND ${UNSURE} LIMIT $2)) AS o(address_id, wanted)`,
    [connectionId, most + 1],
  )
  // Unlike a column, an array of them arrives as texts.
  return row!.seen > most ? null : (row!.ids ?? []).map(Number)
}

/** These addresses, each wanted if a member has it or a text that names it. */
async function withTexts(db: Queryable, ids: readonly number[]): Promise<Candidate[]> {
  const texts = await db.query<Candidate>(
    `SELECT mentioned_address_id AS id, address_id AS member FROM address_mentions WHERE mentioned_address_id = ANY($1)`,
    [ids],
  )
  return [...ids.map((id) => ({ id, member: id })), ...texts]
}

/**
 * Those that are wanted. Members are looked at once, in the order of their positions, each by a hash of the candidates: a
 * list that is given is hashed, and one that the statement makes itself is not.
 */
async function amongMembers(
  db: Queryable,
  { sendoutRunId }: OpenIn,
  range: Positions,
  candidates: readonly Candidate[],
): Promise<number[]> {
  if (candidates.length === 0) {
    return []
  }
  const rows = await db.query<{ id: number }>(
    `SELECT DISTINCT address_id AS id FROM sendout_members
      WHERE sendout_run_id = $1 AND position >= $2 AND position < $3 AND address_id = ANY($4)`,
    [sendoutRunId, range.from, range.to, [...new Set(candidates.map(({ member }) => member))]],
  )
  const members = new Set(rows.map((row) => row.id))
  const wanted = candidates.filter(({ member }) => members.has(member)).map(({ id }) => id)
  return [...new Set(wanted)].sort((a, b) => a - b)
}

/** Texts that name one of a range of members and whose state must be read before a decision. */
async function unreadMentionsOfMembers(
  db: Queryable,
  sendoutRunId: string,
  range: Positions,
): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `SELECT address_id AS id FROM addresses WHERE emarketeer_unread AND address_id = ANY (ARRAY(
        SELECT address_id FROM address_mentions WHERE mentioned_address_id = ANY (ARRAY(
          SELECT address_id FROM sendout_members WHERE sendout_run_id = $1 AND position >= $2 AND position < $3))))
      ORDER BY id`,
    [sendoutRunId, range.from, range.to],
  )
  return rows.map((row) => row.id)
}
