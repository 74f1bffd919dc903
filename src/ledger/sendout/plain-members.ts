import { UNKNOWN_CATEGORY } from '../../domain/hidden-ids.js'
import type { CellKey } from '../../domain/cell-key.js'
import type { Queryable } from '../db/database.js'

/** Everything that decides a plain member. Values are as stored; this release may not know one. */
export interface PlainFacts {
  /** eMarketeer's bases at the address. */
  readonly marketing: string
  readonly store: string
  /** eMarketeer's basis of the sendout's category; null: the sendout has no category. */
  readonly category: string | null
  /** The only live record's value for marketing sendouts; null: the address was never in the CRM, or there is no CRM. */
  readonly record: string | null
  /** The record's value for storing; null: no record, or its CRM has no such purpose. */
  readonly recordStore: string | null
  /** Yes or No of the record's row of the category; null: no row, or rows do not count. */
  readonly row: boolean | null
}

/** Members with the same facts. `facts` null: these members are not plain, and the gate must judge each one. */
export interface MemberGroup {
  readonly positions: readonly number[]
  readonly facts: PlainFacts | null
  /** Only for a list; in the order of the positions. */
  readonly contactIds: readonly string[] | null
  /** Only for a list: numbers if the channel needs one, else e-mail addresses. */
  readonly reachedAt: readonly (string | null)[] | null
}

/** The members to look at. */
export interface MemberSelection {
  readonly sendoutRunId: string
  /** The first position. */
  readonly from: number
  /** How many positions. */
  readonly limit: number
  /** For a list: only members with the verdict `eligible`, with contact id and address or number. */
  readonly eligibleOnly: boolean
}

/** What the sendout and its CRM require of a member. */
export interface PlainQuestion {
  readonly connectionId: string
  /** Every channel except e-mail needs a number (`send-gate.ts`). */
  readonly asksMobile: boolean
  /** null: the sendout has no category. */
  readonly category: { readonly categoryId: string; readonly cellKey: CellKey } | null
  /** null: there is no CRM. */
  readonly crm: {
    /** It cannot refuse a stale write: a write of ours may have overwritten a person's answer (R0). */
    readonly blind: boolean
    /** Whether it holds the purpose of storing. */
    readonly holdsStore: boolean
    /** Whether its subscription rows of the category count. */
    readonly asksRows: boolean
    /** A direct reading that began after this tick verifies an address; null: all are verified. */
    readonly readAfter: number | null
    /** Records with a deny in the inbox (rule G7); then addresses with one. */
    readonly waitingDenies: readonly string[]
    readonly waitingDeniesAt: readonly number[]
  } | null
}

/**
 * Finds the plain members in one statement, and groups them by their facts. A member is plain if these facts are all
 * that the copy holds of it. A member with anything else, or with anything that this statement does not know, is in the
 * group without facts. The statement contains no rule: the gate decides what the facts mean
 * (src/sync/sendout/gate/plain-gate.ts).
 *
 * @param tx a snapshot that is used for nothing else, because the planner settings last until it ends.
 */
export async function plainMembers(
  tx: Queryable,
  selection: MemberSelection,
  { connectionId, asksMobile, category, crm }: PlainQuestion,
): Promise<MemberGroup[]> {
  await tx.query(BY_KEY)
  const rows = await tx.query<PlainFacts & { plain: boolean } & Omit<MemberGroup, 'facts'>>(
    STATEMENT,
    [
      selection.sendoutRunId,
      selection.from,
      selection.limit,
      selection.eligibleOnly,
      connectionId,
      asksMobile,
      category?.categoryId ?? null,
      crm !== null,
      crm?.blind ?? false,
      crm?.holdsStore ?? false,
      crm?.asksRows ?? false,
      crm?.readAfter ?? null,
      crm?.waitingDenies ?? [],
      crm?.waitingDeniesAt ?? [],
      UNKNOWN_CATEGORY,
      category?.cellKey ?? null,
    ],
  )
  return rows.map(({ plain, positions, contactIds, reachedAt, ...facts }) => ({
    positions,
    contactIds,
    reachedAt,
    facts: plain ? facts : null,
  }))
}

/**
 * Makes the planner read every table by key for each member. The statistics are older than the run and its people, so
 * the planner would choose badly (docs/ledger.md, "Plans"). Without JIT, because compiling takes longer than running.
 */
const BY_KEY = `SELECT ${['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin', 'memoize', 'sort']
  .map((way) => `set_config('enable_${way}', 'off', true)`)
  .join(', ')}, set_config('jit', 'off', true)`

/** Matches only addresses that both `USUAL` and `isValidEmail` of email-address.ts accept. */
const USUAL_EMAIL = `m.email ~ '^[a-zA-Z0-9][a-zA-Z0-9._+-]*@[a-zA-Z0-9-]+([.][a-zA-Z0-9-]+)*[.][a-zA-Z0-9]+$'
      AND length(m.email) <= 100 AND lower(m.email) NOT LIKE '%xn--%'`

/** Matches only numbers that `MOBILE` of send-gate.ts accepts without trimming. */
const USUAL_MOBILE = `m.mobile ~ '^[+]?[0-9][0-9 ()./-]{3,21}[0-9]$'`

const NONE = (from: string) => `(SELECT true FROM ${from} LIMIT 1) IS NULL`

/** The comment above each condition names the gate's clauses that it rules out (gate-facts.ts, gate-crm.ts, send-gate.ts). */
const OF_EMARKETEER = [
  // addressDenies; verified: the address is known
  USUAL_EMAIL,
  `(NOT $6 OR ${USUAL_MOBILE})`,
  // verified: the state was read
  `NOT a.emarketeer_unread`,
  // No clause: a pass is due and may find something.
  `(a.dirty_tick IS NULL OR a.not_before >= current_date + 1)`,
  // moved; subscribedOf: no contact has the address
  `(SELECT e.address_id FROM emarketeer_contacts e
        WHERE e.connection_id = $5 AND e.contact_id = m.contact_id) = m.address_id`,
  // mentions: texts that name the address
  NONE('address_mentions WHERE mentioned_address_id = m.address_id'),
  // mentions, withNamed: addresses that the text names
  NONE('address_mentions WHERE address_id = m.address_id'),
  // basisOf, subscribedOf: the cell exists
  `k.marketing IS NOT NULL AND k.store IS NOT NULL AND ($7::text IS NULL OR k.category IS NOT NULL)`,
]

const OF_CRM = [
  // verified: not in doubt, and proven or read
  `a.crm_doubtful_tick IS NULL`,
  `($12::bigint IS NULL OR a.crm_read_from > $12)`,
  // holderVerdicts, holderCarries, holderInDoubt, unarrivedHolders, denyOnlySubscriptions
  NONE('crm_other_addresses WHERE address_id = m.address_id'),
  // heldAddresses
  NONE('loosenings WHERE address_id = m.address_id'),
  // denyInInbox: an address that a hint names
  `m.address_id <> ALL ($14::bigint[])`,
  // departedDenies, countsAsBasis
  `k.remembers_nothing_else`,
]

/** For an address that the CRM never had. */
const WITHOUT_RECORD = [
  // ended
  `NOT a.ever_linked`,
]

const OF_RECORD = [
  // purposeRecords: one record decides, and can be read
  `c.records = 1`,
  `c.marketing IS NOT NULL`,
  `(NOT $10 OR c.store IS NOT NULL)`,
  // denyInInbox: a hint about the record
  `c.id <> ALL ($13::text[])`,
  // carriedDeny, carriesNo
  NONE('carried_denies d WHERE d.connection_id = $5 AND d.crm_contact_id = c.id'),
  // secondaryAddresses: unread ones, and denies that follow the record from there
  NONE(
    'crm_other_addresses o WHERE o.connection_id = $5 AND o.crm_contact_id = c.id AND NOT o.deny_only',
  ),
  // inDoubtAt: it came from no other address, and is unchanged since a pass saw it
  `(NOT $9 OR c.stayed)`,
  `(NOT $9 OR k.as_seen)`,
  // answers: at most one row, readable and of exactly this category
  `s.rows <= 1`,
  `(s.rows = 0 OR s.of_category)`,
  `(s.rows = 0 OR s.yes IS NOT NULL)`,
]

/** All conditions as they stand in the statement; a test removes them one by one. */
export const PLAIN_CONDITIONS: readonly string[] = [
  ...OF_EMARKETEER,
  ...OF_CRM,
  ...WITHOUT_RECORD,
  ...OF_RECORD,
]

const all = (conditions: readonly string[]) => conditions.join('\n      AND ')

/**
 * `minds`: the gate checks the cell's memory. `id`: the only record that the memory may name. Parsing JSON costs most,
 * so the usual case comes first, and nothing is parsed twice.
 */
const CELLS = `SELECT max(basis) FILTER (WHERE cell_key = 'marketingSendouts') AS marketing,
      max(basis) FILTER (WHERE cell_key = 'storeAndProcess') AS store,
      max(basis) FILTER (WHERE cell_key = $16) AS category,
      bool_and((departed = '[]' AND open_allow = '{}' AND (unseen
        OR (first -> 'recordId' = to_jsonb(id) AND NOT first ? 'unmapped' AND second IS NULL) OR seen = '[]')) IS TRUE)
        FILTER (WHERE minds) AS remembers_nothing_else,
      bool_and(((first -> 'version')::text = version) IS TRUE)
        FILTER (WHERE $9 AND minds AND cell_key <> COALESCE($16, '')) AS as_seen
    FROM (SELECT *, seen -> 0 AS first, seen -> 1 AS second
      FROM (SELECT cell_key, emarketeer_basis AS basis, departed, open_allow, seen IS NULL AS unseen, seen -> 'records' AS seen,
          CASE cell_key WHEN $16 THEN s.row_id ELSE c.id END AS id,
          CASE cell_key WHEN 'storeAndProcess' THEN c.store_version ELSE c.marketing_version END AS version,
          CASE cell_key WHEN 'storeAndProcess' THEN $10 WHEN $16 THEN $11 ELSE true END AS minds
        FROM cells WHERE address_id = m.address_id
          AND cell_key = ANY (ARRAY['marketingSendouts', 'storeAndProcess', $16]) OFFSET 0) cell OFFSET 0) one`

/** The live records. Their values are meaningful only if there is exactly one. */
const RECORDS = `SELECT count(*) AS records, min(crm_contact_id) AS id,
      min(consents -> 'marketingSendouts' ->> 'value') AS marketing,
      min(CASE WHEN $10 THEN consents -> 'storeAndProcess' ->> 'value' END) AS store,
      min(CASE WHEN $9 THEN (consents -> 'marketingSendouts' -> 'version')::text END) AS marketing_version,
      min(CASE WHEN $9 THEN (consents -> 'storeAndProcess' -> 'version')::text END) AS store_version,
      bool_and(left_with IS NULL) AS stayed
    FROM crm_contacts WHERE $8 AND address_id = m.address_id AND state = 'live'`

const ROWS = `SELECT count(*) AS rows, min(row_id) AS row_id, bool_and(subscribed) AS yes,
      bool_and(category_id = $7) AS of_category
    FROM crm_subscriptions WHERE $11 AND connection_id = $5 AND crm_contact_id = c.id AND category_id IN ($7, $15)`

const FACTS = {
  marketing: 'marketing',
  store: 'store',
  category: 'category',
  record: 'record',
  recordStore: 'record_store',
  row: 'yes',
} as const satisfies Record<keyof PlainFacts, string>

// Lists as JSON: of an array's text JavaScript would parse each element, which takes thirty times as long.
const STATEMENT = `SELECT plain, ${Object.entries(FACTS)
  .map(([name, column]) => `CASE WHEN plain THEN ${column} END AS "${name}"`)
  .join(', ')}, json_agg(position) AS positions,
    json_agg(contact_id) FILTER (WHERE $4) AS "contactIds", json_agg(reached_at) FILTER (WHERE $4) AS "reachedAt"
  FROM (SELECT m.position, m.contact_id, CASE WHEN $6 THEN m.mobile ELSE m.email END AS reached_at, (${all(OF_EMARKETEER)}
      AND (NOT $8 OR (${all(OF_CRM)}
      AND CASE c.records WHEN 0 THEN ${all(WITHOUT_RECORD)} ELSE ${all(OF_RECORD)} END))) IS TRUE AS plain,
      k.marketing, k.store, k.category, c.marketing AS record, c.store AS record_store, s.yes
    FROM (SELECT * FROM sendout_members WHERE sendout_run_id = $1 AND position >= $2 AND position < $2 + $3::int
        AND (NOT $4 OR verdict = 'eligible') ORDER BY position LIMIT $3) m
      LEFT JOIN LATERAL (SELECT * FROM addresses WHERE address_id = m.address_id LIMIT 1) a ON true
      LEFT JOIN LATERAL (${RECORDS} OFFSET 0) c ON true
      LEFT JOIN LATERAL (${ROWS} OFFSET 0) s ON true
      LEFT JOIN LATERAL (${CELLS} OFFSET 0) k ON true
    OFFSET 0) f
  GROUP BY 1, 2, 3, 4, 5, 6, 7`
