import type { Secret } from '../config/secrets/secret.js'
import type { SecretsVault } from '../config/secrets/secrets-vault.js'
import type { Database } from '../ledger/db/database.js'
import type { Systems } from '../connection/systems.js'
import type { Logger } from '../telemetry/logger.js'
import type { TemporalAccess } from './temporal-access.js'

/** What the gateway needs. */
export interface GatewayOptions {
  readonly systems: Systems
  readonly db: Database
  /** Opens eMarketeer's webhook secrets. */
  readonly vault: SecretsVault
  readonly temporal: TemporalAccess
  /** GATEWAY_API_KEY; null: the API for the campaign service is closed. */
  readonly apiKey: Secret | null
  readonly log: Logger
  /** TRUSTED_PROXIES: addresses and ranges of proxies whose X-Forwarded-For is trusted; none by default. */
  readonly trustedProxies?: readonly string[]
  /** Monotonic clock of the rate limits, ms. */
  readonly nowMs?: () => number
}
