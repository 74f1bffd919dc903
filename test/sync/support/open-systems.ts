import { Secret } from '../../../src/config/secrets/secret.js'
import { createSecretsVault } from '../../../src/config/secrets/secrets-vault.js'
import { CRM_DRIVERS } from '../../../src/crm/registry.js'
import { saveConnection } from '../../../src/ledger/connection/connections.js'
import type { Database } from '../../../src/ledger/db/database.js'
import { Systems } from '../../../src/connection/systems.js'
import { ACCOUNT_ID, CLIENT_SECRET, SERVICE_KEY, type StandIns } from './stand-ins.js'

/** Id of the connection in these tests. */
export const CONNECTION_ID = 'acme'

/** Differences between a test's connection and the usual one. */
export interface ConnectionChoices {
  readonly newlyMailableLimit?: number
  readonly subscriptionRowsPerDay?: number
  readonly createMissing?: 'none' | 'emarketeer'
}

/** The product's systems over a ledger and the stand-ins, as in a worker process. */
export function openSystems(db: Database, standIns: StandIns): Systems {
  return new Systems({
    db,
    drivers: CRM_DRIVERS,
    vault: createSecretsVault([new Secret('k'.repeat(32))]),
    variables: { CRM_SECRET: CLIENT_SECRET, PUBLIC_KEY: `public-${ACCOUNT_ID}` },
    emarketeer: {
      syncUrl: standIns.emarketeerUrl,
      apiKey: SERVICE_KEY,
      connectUrl: standIns.emarketeerUrl,
    },
    allowLoopbackHttp: true,
  })
}

/** Stores the connection, or changes its settings. */
export async function applyConnection(
  db: Database,
  standIns: StandIns,
  choices: ConnectionChoices,
): Promise<void> {
  const settings = {
    connectionId: CONNECTION_ID,
    accountId: ACCOUNT_ID,
    crm: 'dynamics',
    legalBasisSync: true,
    subscriptionSync: true,
    createMissing: choices.createMissing ?? 'none',
    newlyMailableLimit: choices.newlyMailableLimit ?? 100,
    subscriptionRowsPerDay: choices.subscriptionRowsPerDay ?? 1_000_000,
  } as const
  const secrets = {
    'dynamics.clientSecret': { env: 'CRM_SECRET' },
    ...(settings.createMissing === 'emarketeer'
      ? { 'emarketeer.publicApiKey': { env: 'PUBLIC_KEY' } }
      : {}),
  }
  const config = {
    ...settings,
    sectionName: 'dynamics',
    section: standIns.dynamicsSection,
    secrets,
  }
  await saveConnection(db, { ...settings, config })
}
