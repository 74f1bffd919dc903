import type { SecretsVault } from '../config/secrets-vault.js'
import type { FactSecrets } from '../crm/crm.js'
import { saveEmarketeerWebhookSecret } from '../ledger/connection/connections.js'
import type { Queryable } from '../ledger/db/database.js'

/** Seals what a CRM's folder keeps secret among a connection's facts: it opens for that connection only. */
export function factSecrets(vault: SecretsVault, connectionId: string): FactSecrets {
  const place = { connectionId, field: 'crm.facts' }
  return {
    seal: (plain) => vault.seal(plain, place),
    open: (sealed) => vault.open(sealed, place),
  }
}

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
