import { CONNECTION_ID } from './open-systems.js'
import type { World } from './world.js'

/** The state of both systems at one address, read without the product, and the work that the ledger still has to do. */
export interface PersonState {
  /** eMarketeer's basis for marketing sendouts; null: no contact has the address. */
  readonly basis: string | null
  readonly basisSource: string | null
  readonly store: string | null
  /** By category id. */
  readonly subscriptions: Readonly<Record<string, boolean>>
  /** Of the live records at the address, oldest first. */
  readonly toggles: readonly ('allow' | 'deny' | null)[]
  /** Rows of those records, as `category:value`, sorted. */
  readonly rows: readonly string[]
  /** Whether a pass is still due. */
  readonly due: boolean
  /** States of loosenings that wait. */
  readonly waiting: readonly string[]
}

/** The part of a consent event that tests check. */
export interface PersonEvent {
  readonly eventId: string
  readonly cellKey: string
  readonly line: string
  readonly movedSide: string
  readonly emarketeerOld: string
  readonly emarketeerNew: string
  readonly crmOld: string
  readonly crmNew: string
  readonly actorType: string | null
  readonly actorId: string | null
  readonly evidence: string | null
  readonly replacedBasis: string | null
  readonly ambiguous: boolean
  readonly tier: string
}

interface DumpedContact {
  readonly contactId: string | null
  readonly email: string | null
  readonly consents?: Record<string, { value: string; source?: string }>
  readonly subscriptions?: Record<string, { value: boolean }>
}

/** Reads the state of both systems and the ledger at an address. */
export async function stateOf(world: World, email: string): Promise<PersonState> {
  const contacts = await world.standIns.emarketeer.lines<DumpedContact>('accounts/1001/dump')
  const contact = contacts.find((line) => line.email === email && line.contactId !== null)
  const marketing = contact?.consents?.['marketingSendouts']
  const { toggles, rows } = await dynamicsState(world, email)
  const [address] = await world.db.query<{ due: boolean; waiting: string[] }>(
    `SELECT dirty_tick IS NOT NULL AS due,
        ARRAY(SELECT state FROM loosenings l WHERE l.address_id = a.address_id ORDER BY cell_key) AS waiting
      FROM addresses a WHERE connection_id = $1 AND address = $2`,
    [CONNECTION_ID, email],
  )
  return {
    basis: marketing?.value ?? null,
    basisSource: marketing?.source ?? null,
    store: contact?.consents?.['storeAndProcess']?.value ?? null,
    subscriptions: Object.fromEntries(
      Object.entries(contact?.subscriptions ?? {}).map(([id, { value }]) => [id, value]),
    ),
    toggles,
    rows,
    due: address?.due ?? false,
    waiting: address?.waiting ?? [],
  }
}

type Row = Readonly<Record<string, unknown>> & { readonly id: string }

/** All rows of a table of Dynamics. */
export async function dynamicsRows(world: World, table: string): Promise<readonly Row[]> {
  return (await world.standIns.dynamics<{ rows: Row[] }>('GET', `rows/${table}`)).rows
}

async function dynamicsState(world: World, email: string) {
  const contacts = (await dynamicsRows(world, 'contact')).filter(
    (row) => row['emailaddress1'] === email && row['statecode'] === 0,
  )
  const categories = new Map(
    (await dynamicsRows(world, 'em_subscriptioncategories')).map((row) => [
      row.id,
      String(row['em_categoryid']),
    ]),
  )
  const live = new Set(contacts.map((row) => row.id))
  const rows = (await dynamicsRows(world, 'em_subscriptions'))
    .filter((row) => live.has(String(row['em_contact'])))
    .map((row) => `${categories.get(String(row['em_category']))}:${String(row['em_subscribed'])}`)
    .sort()
  const toggles = contacts.map((row) => toggleOf(row['donotbulkemail']))
  return { toggles, rows }
}

function toggleOf(doNotBulkEmail: unknown): 'allow' | 'deny' | null {
  return doNotBulkEmail === null ? null : doNotBulkEmail === true ? 'deny' : 'allow'
}

/** Consent events of an address, oldest first. */
export function eventsOf(world: World, email: string): Promise<PersonEvent[]> {
  return world.db.query<PersonEvent>(
    `SELECT event_id AS "eventId", cell_key AS "cellKey", line, moved_side AS "movedSide",
        emarketeer_old AS "emarketeerOld", emarketeer_new AS "emarketeerNew", crm_old AS "crmOld", crm_new AS "crmNew",
        actor_type AS "actorType", actor_id AS "actorId", evidence, replaced_basis AS "replacedBasis", ambiguous, tier
      FROM consent_events e JOIN addresses a USING (address_id)
      WHERE e.connection_id = $1 AND a.address = $2 ORDER BY sequence`,
    [CONNECTION_ID, email],
  )
}
