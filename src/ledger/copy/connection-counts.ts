import type { Queryable } from '../db/database.js'
import type { Purpose } from '../../domain/legal-basis.js'
import { addressKey } from '../../domain/email-address.js'
import { idPages } from '../db/id-pages.js'
import { spelledAfter, spelledTwice } from './emarketeer-mirror.js'

/** Counts of a connection's data. */
export interface ConnectionCounts {
  /** Addresses on both sides. */
  readonly linked: number
  /** Addresses that are due. */
  readonly due: number
  /** Loosening decisions that wait for one approval (F4). */
  readonly held: number
  /** Consent events whose proof was spoiled by an unrelated edit. */
  readonly ambiguousEvents: number
  /** Addresses with both withdrawn and other CRM records (C5). They are not mailed until somebody decides. */
  readonly disagreements: number
  /**
   * Live CRM records with an unreadable consent, for example because a column is missing. They are not mailed, and no
   * sendout is complete.
   */
  readonly unreadable: number
  /** Addresses whose eMarketeer state cannot be read. They are not mailed, and no sendout is complete. */
  readonly unreadableInEmarketeer: number
  /** Empty or unreadable subscription rows of the CRM: neither a Yes nor a No. */
  readonly unknownSubscriptions: number
}

/** Counts for `connection show`. Takes seconds on millions of contacts. */
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

/**
 * Live CRM records at an address, primary or secondary, of which some are withdrawn and others are not (C5). Nothing
 * loosens a withdrawn one, the address is not mailed, and a person has to decide.
 */
interface Disagreement {
  readonly addressId: number
  readonly purpose: Purpose
  readonly withdrawn: number
  readonly others: number
}

const DISAGREEMENTS = `SELECT p.address_id AS "addressId", k.purpose,
    count(*) FILTER (WHERE k.value = 'withdrawn') AS withdrawn, count(*) FILTER (WHERE k.value <> 'withdrawn') AS others
  FROM (SELECT address_id, crm_contact_id FROM crm_contacts WHERE connection_id = $1 AND address_id IS NOT NULL
      UNION ALL SELECT address_id, crm_contact_id FROM crm_other_addresses WHERE connection_id = $1 AND NOT deny_only) p
  JOIN crm_contacts c ON c.connection_id = $1 AND c.crm_contact_id = p.crm_contact_id AND c.state = 'live'
  CROSS JOIN LATERAL (SELECT key AS purpose, value->>'value' AS value FROM jsonb_each(c.consents)) k
  WHERE $2::bigint IS NULL OR p.address_id = $2
  GROUP BY 1, 2
  HAVING bool_or(k.value = 'withdrawn') AND bool_or(k.value <> 'withdrawn')`

/**
 * Counts the addresses with a disagreement. It reads every record, so only `connection show` may call it, not a pass.
 */
export async function countDisagreements(db: Queryable, connectionId: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT count(DISTINCT "addressId") AS count FROM (${DISAGREEMENTS}) d`,
    [connectionId, null],
  )
  return row?.count ?? 0
}

/** The disagreements at one address, one per purpose. */
export function disagreementsAt(
  db: Queryable,
  connectionId: string,
  addressId: number,
): Promise<Disagreement[]> {
  return db.query<Disagreement>(`${DISAGREEMENTS} ORDER BY 2`, [connectionId, addressId])
}

/** Records of one side whose address field links nobody; their denies count (rule A). */
interface UnusableRecords {
  readonly count: number
  /** The first ones, by id. */
  readonly contactIds: readonly string[]
}

/** Records of both sides; on eMarketeer's side also the contacts of one address in several spellings. */
export interface UnusableAddresses {
  readonly crm: UnusableRecords
  readonly emarketeer: UnusableRecords
}

/** How many are named at most; the others are only counted. */
const MAX_NAMED = 20

/** Counts and names the records whose address field links nobody, for `connection show`. */
export async function unusableAddresses(
  db: Queryable,
  connectionId: string,
): Promise<UnusableAddresses> {
  const crm = await db.query<{ id: string; count: number }>(
    `SELECT crm_contact_id AS id, count(*) OVER () AS count FROM crm_contacts
      WHERE connection_id = $1 AND unusable_address AND state = 'live' ORDER BY length(crm_contact_id), 1 LIMIT $2`,
    [connectionId, MAX_NAMED],
  )
  return {
    crm: { count: crm[0]?.count ?? 0, contactIds: crm.map((record) => record.id) },
    emarketeer: await unusableInEmarketeer(db, connectionId),
  }
}

/** Contacts looked at at once. */
const PAGE = 1_000

async function unusableInEmarketeer(db: Queryable, connectionId: string): Promise<UnusableRecords> {
  let count = 0
  let first: readonly string[] = []
  const spelled = idPages((after) => spelledAfter(db, connectionId, after, PAGE))
  for await (const page of spelled) {
    const twice = await spelledTwice(
      db,
      page.map((contact) => contact.addressId),
    )
    const found = page.filter(
      ({ address, addressId }) => addressKey(address) === null || twice.has(addressId),
    )
    count += found.length
    first = [...first, ...found.map((contact) => contact.id)].sort(byNumber).slice(0, MAX_NAMED)
  }
  return { count, contactIds: first }
}

/** The order of ids that are numbers in texts. */
function byNumber(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1)
}
