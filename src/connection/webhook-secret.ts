import type { SecretsVault } from '../config/secrets-vault.js'
import { saveEmarketeerWebhookSecret } from '../ledger/connection/connections.js'
import type { Queryable } from '../ledger/db/database.js'

/** Where the secret belongs: sealed for one connection, it opens for no other. */
const placeOf = (connectionId: string) => ({ connectionId, field: 'emarketeer.webhookSecret' })

/** Stores what eMarketeer's webhook signs with, sealed. */
export async function saveWebhookSecret(
  { db, vault }: { readonly db: Queryable; readonly vault: SecretsVault },
  connectionId: string,
  secret: string,
): Promise<void> {
  await saveEmarketeerWebhookSecret(db, connectionId, vault.seal(secret, placeOf(connectionId)))
}
