import type { StandIn, SuperOfficePair } from './stand-ins.js'

/** A connection file of the stack (docs/configuration.md), for `lbsync connection apply`. */
export interface StackConnectionFile {
  readonly connectionId: string
  readonly accountId: string
  readonly [key: string]: unknown
}

/** The stack's connection files; secrets name variables of {@link secretVariables}. */
export interface StackConnectionFiles {
  readonly dynamics: StackConnectionFile
  /** null: the stack has no SuperOffice. */
  readonly online: StackConnectionFile | null
  readonly onsite: StackConnectionFile | null
}

/** Creates the files for the stand-ins' addresses. */
export function connectionFiles(places: {
  readonly dynamics: StandIn
  readonly superOffice: SuperOfficePair | null
}): StackConnectionFiles {
  const { dynamics, superOffice } = places
  return {
    dynamics: {
      connectionId: 'acme-dynamics',
      accountId: DEMO_ACCOUNT.accountId,
      crm: 'dynamics',
      legalBasisSync: true,
      subscriptionSync: true,
      dynamics: {
        environmentUrl: dynamics.url,
        authorityHost: dynamics.url,
        tenantId: DEMO_DYNAMICS.tenantId,
        clientId: DEMO_DYNAMICS.clientId,
        clientSecret: { env: 'ACME_SECRET' },
      },
    },
    online: superOffice && onlineFile(superOffice),
    onsite: superOffice && onsiteFile(superOffice),
  }
}

function onlineFile({ online: { online } }: SuperOfficePair): StackConnectionFile {
  return {
    connectionId: 'nord-so',
    accountId: ONLINE_ACCOUNT.accountId,
    crm: 'superoffice-online',
    legalBasisSync: true,
    superoffice: {
      environment: 'online',
      loginHost: online.loginUrl,
      contextIdentifier: online.contextIdentifier,
      clientSecret: { env: 'NORD_SO_SECRET' },
      systemUserToken: { env: 'NORD_SO_TOKEN' },
      privateKey: { env: 'NORD_SO_KEY' },
    },
  }
}

function onsiteFile({ onsite: { apiUrl, onsite } }: SuperOfficePair): StackConnectionFile {
  return {
    connectionId: 'fjord-so',
    accountId: ONSITE_ACCOUNT.accountId,
    crm: 'superoffice-onsite',
    legalBasisSync: true,
    superoffice: {
      baseUrl: apiUrl,
      username: onsite.user,
      password: { env: 'FJORD_SO_PASSWORD' },
      ...(onsite.caPem === null ? {} : { ca: { env: 'FJORD_SO_CA' } }),
    },
  }
}

/** Secrets of the files by variable. PEM keys are on one line, which the files allow. */
export function secretVariables(superOffice: SuperOfficePair | null): Record<string, string> {
  if (superOffice === null) {
    return { ACME_SECRET: DEMO_DYNAMICS.secret }
  }
  const { online } = superOffice.online
  const { onsite } = superOffice.onsite
  return {
    ACME_SECRET: DEMO_DYNAMICS.secret,
    NORD_SO_SECRET: online.clientSecret,
    NORD_SO_TOKEN: online.systemUserToken,
    NORD_SO_KEY: onOneLine(online.privateKeyPem),
    FJORD_SO_PASSWORD: onsite.password,
    ...(onsite.caPem === null ? {} : { FJORD_SO_CA: onOneLine(onsite.caPem) }),
  }
}

function onOneLine(pem: string): string {
  return pem.trimEnd().replaceAll('\n', '\\n')
}

/** eMarketeer's account for Dynamics. */
export const DEMO_ACCOUNT = { accountId: '1001', name: 'Nordic Demo AB' } as const

/** eMarketeer's account for SuperOffice Online. */
export const ONLINE_ACCOUNT = { accountId: '1002', name: 'Nord Demo AS' } as const

/** eMarketeer's account for SuperOffice on site. */
export const ONSITE_ACCOUNT = { accountId: '1003', name: 'Fjord Demo AS' } as const

/** Tenant, application and secret of the stack's Dynamics. */
export const DEMO_DYNAMICS = {
  tenantId: '5f1c1d5e-6d4f-4a58-9a0e-5b7f3f1f2c11',
  clientId: '0f8c1a52-7e0b-4d7f-9c55-1f2d3c4b5a69',
  secret: 'simulator-secret',
} as const

/** Accounts with which eMarketeer's stand-in starts. */
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
