/** The account that the stack's eMarketeer has for Dynamics. */
export const DEMO_ACCOUNT = { accountId: '1001', name: 'Nordic Demo AB' } as const

/** Its account for SuperOffice Online. */
export const ONLINE_ACCOUNT = { accountId: '1002', name: 'Nord Demo AS' } as const

/** Its account for SuperOffice on site. */
export const ONSITE_ACCOUNT = { accountId: '1003', name: 'Fjord Demo AS' } as const

/** The tenant, application and secret that the stack's Dynamics knows. */
export const DEMO_DYNAMICS = {
  tenantId: '5f1c1d5e-6d4f-4a58-9a0e-5b7f3f1f2c11',
  clientId: '0f8c1a52-7e0b-4d7f-9c55-1f2d3c4b5a69',
  secret: 'simulator-secret',
} as const

/** eMarketeer's accounts as its stand-in is started with them. */
export function emarketeerAccounts(): readonly Readonly<Record<string, unknown>>[] {
  return [DEMO_ACCOUNT, ONLINE_ACCOUNT, ONSITE_ACCOUNT].map((account) => ({
    ...account,
    publicApiKey: `public-${account.accountId}`,
    categories: [
      { id: 'c1', name: 'Newsletters' },
      { id: 'c2', name: 'Event invitations' },
    ],
  }))
}
