import type { ConnectionSettings } from '../../src/ledger/connection/connections.js'

/** Settings of a connection to Dynamics. @param own those that matter to the test. */
export function settings(own: Partial<ConnectionSettings> = {}): ConnectionSettings {
  return {
    connectionId: 'acme',
    accountId: '1001',
    crm: 'dynamics',
    legalBasisSync: true,
    subscriptionSync: false,
    createMissing: 'none',
    newlyMailableLimit: 100,
    subscriptionRowsPerDay: 100,
    config: {},
    ...own,
  }
}
