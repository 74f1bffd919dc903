import { readEnvironment } from '../config/environment/environment.js'
import { createSecretsVault, type SecretsVault } from '../config/secrets/secrets-vault.js'
import { CRM_DRIVERS } from '../crm/registry.js'
import { openDatabase, type Database } from '../ledger/db/database.js'
import { Systems } from '../connection/systems.js'

/** What a worker, the gateway or a command works with; the caller closes it at its end. */
export interface ComposedSystems {
  readonly systems: Systems
  readonly db: Database
  readonly vault: SecretsVault
  readonly allowLoopbackHttp: boolean
  /** Hosts that a connection file may name besides the CRM's known hosts. */
  readonly allowedHosts: readonly string[]
  close(): Promise<void>
}

/**
 * Builds the product's parts from the environment. Connects to nothing before it is needed.
 * @param options connections to the database: `maxConnections` at most, `usualConnections` unless `DATABASE_CONNECTIONS`
 *   says otherwise. Default: 10, unless it says otherwise.
 * @throws AppError `environment_invalid`, naming every invalid variable.
 */
export function composeSystems(
  variables: Readonly<Record<string, string | undefined>> = process.env,
  options: { readonly maxConnections?: number; readonly usualConnections?: number } = {},
): ComposedSystems {
  const environment = readEnvironment(['database', 'emarketeer', 'secrets'], variables)
  const { url, maxConnections } = environment.database
  const db = openDatabase(url.reveal(), {
    maxConnections: options.maxConnections ?? maxConnections ?? options.usualConnections,
  })
  const vault = createSecretsVault(environment.secrets.vaultKeys)
  const systems = new Systems({
    db,
    drivers: CRM_DRIVERS,
    vault,
    variables,
    emarketeer: {
      syncUrl: environment.emarketeer.syncUrl,
      apiKey: environment.emarketeer.apiKey.reveal(),
      connectUrl: environment.emarketeer.connectUrl,
    },
    allowLoopbackHttp: environment.allowLoopbackHttp,
  })
  return {
    systems,
    db,
    vault,
    allowLoopbackHttp: environment.allowLoopbackHttp,
    allowedHosts: environment.allowedHosts,
    async close() {
      systems.close()
      await db.close()
    },
  }
}
