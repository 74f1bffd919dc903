import type { SecretsVault } from '../config/secrets-vault.js'
import type { FactSecrets } from '../crm/crm.js'

/** Seals what a CRM's folder keeps secret among a connection's facts: it opens for that connection only. */
export function factSecrets(vault: SecretsVault, connectionId: string): FactSecrets {
  const place = { connectionId, field: 'crm.facts' }
  return {
    seal: (plain) => vault.seal(plain, place),
    open: (sealed) => vault.open(sealed, place),
  }
}
