import type { SecretsVault } from '../config/secrets/secrets-vault.js'
import type { FactSecrets } from '../crm/crm.js'
import { saveEmarketeerWebhookSecret } from '../ledger/connection/connections.js'
import type { Queryable } from '../ledger/db/database.js'

/** Seals secrets among a connection's facts; they open for that connection only. */
export function factSecrets(vault: SecretsVault, connectionId: string): FactSecrets {
  const place = { connectionId, field: 'crm.facts' }
  return {
    seal: (plain) => vault.seal(plain, place),
    open: (sealed) => vault.open(sealed, place),
  }
}

/** The scope of the seal: one connection. */
const placeOf = (connectionId: string) => ({ connectionId, field: 'emarketeer.webhookSecret' })

/** Stores the secret of eMarketeer's webhook, sealed. */
export async function saveWebhookSecret(
  { db, vault }: { readonly db: Queryable; readonly vault: SecretsVault },
  connectionId: string,
  secret: string,
): Promise<void> {
  await saveEmarketeerWebhookSecret(db, connectionId, vault.seal(secret, placeOf(connectionId)))
}
