import pg from 'pg'

/** Makes the planner know only the people of another connection, who are many. Ours come after its last statistics. */
const STATEMENTS = [
  ...[
    'addresses',
    'cells',
    'crm_contacts',
    'crm_subscriptions',
    'emarketeer_contacts',
    'sendout_members',
    'crm_other_addresses',
    'loosenings',
    'inbox',
  ].map((table) => `ALTER TABLE ${table} SET (autovacuum_enabled = false)`),
  `INSERT INTO connections SELECT (jsonb_populate_record(c, '{"connection_id": "neighbour", "account_id": "neighbour",
      "webhook_ref": "neighbour"}')).* FROM connections c LIMIT 1`,
  `INSERT INTO addresses (connection_id, address, emarketeer_unread)
    SELECT 'neighbour', 'n' || n || '@neighbour.example', false FROM generate_series(1, 20000) n`,
  `INSERT INTO emarketeer_contacts (connection_id, contact_id, address_id)
    SELECT connection_id, 'n' || address_id, address_id FROM addresses WHERE connection_id = 'neighbour'`,
  `INSERT INTO cells (address_id, cell_key, emarketeer_basis, emarketeer_version)
    SELECT address_id, 'marketingSendouts', 'consent', 1 FROM addresses WHERE connection_id = 'neighbour'`,
  `INSERT INTO crm_contacts (connection_id, crm_contact_id, address_id, state, consents, read_from, read_to)
    SELECT connection_id, 'n' || address_id, address_id, 'live', '{}', 0, 0 FROM addresses
      WHERE connection_id = 'neighbour'`,
  `INSERT INTO crm_subscriptions (connection_id, row_id, crm_contact_id, category_id, version, is_foreign, read_from, read_to)
    SELECT connection_id, 'n' || address_id, 'n' || address_id, 'c1', '1', false, 0, 0 FROM addresses
      WHERE connection_id = 'neighbour'`,
  `INSERT INTO sendout_runs (sendout_run_id, sendout_id, stage, run, account_id, connection_id, crm, workflow_id, deadline,
      connection_epoch)
    VALUES ('00000000-0000-4000-8000-000000000001', 'neighbour', 'send', 1, 'neighbour', 'neighbour', 'dynamics', '-', now(), 1)`,
  `INSERT INTO sendout_members (sendout_run_id, position, contact_id, address_id, verdict)
    SELECT '00000000-0000-4000-8000-000000000001', row_number() OVER () - 1, 'n' || address_id, address_id, 'eligible'
      FROM addresses WHERE connection_id = 'neighbour'`,
  'ANALYZE',
]

/**
 * Adds a neighbour connection with 20,000 people to a ledger. The planner has statistics of them and gets no newer
 * ones, so that it estimates our own data at a row or two.
 */
export async function moveInNeighbour(databaseUrl: string): Promise<void> {
  // As the owner, because our own role may not run ANALYZE.
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    for (const statement of STATEMENTS) {
      await client.query(statement)
    }
  } finally {
    await client.end()
  }
}
