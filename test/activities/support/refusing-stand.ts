import { standInControl } from '../../../simulators/common/control-client.js'
import { DEFAULT_OPTIONS } from '../../../simulators/dynamics/options.js'
import { startDynamics } from '../../../simulators/dynamics/start-dynamics.js'
import { startSuperoffice } from '../../../simulators/superoffice/start.js'

/** A CRM's stand-in that can refuse our credentials, and the connection to it. */
export interface RefusingStand {
  readonly crm: string
  readonly sectionName: string
  readonly section: Readonly<Record<string, unknown>>
  /** The variables that hold the secrets, by the path of each. */
  readonly secrets: Readonly<Record<string, { readonly env: string }>>
  readonly variables: Readonly<Record<string, string>>
  /** From then on every request with these credentials is refused, also with tokens issued earlier. */
  refuse(): Promise<void>
  letIn(): Promise<void>
  /** From then on no request is answered. */
  goSilent(): Promise<void>
  /** Requests so far, also those for signing in. */
  requests(): Promise<number>
  close(): Promise<void>
}

const TOKEN_PATH = '/oauth2/v2.0/token'

/** Dynamics with a client secret that expires. */
export async function dynamicsStand(): Promise<RefusingStand> {
  const running = await startDynamics({ keyActivationReads: 0 })
  const control = standInControl(running.controlUrl)
  const [app] = DEFAULT_OPTIONS.apps
  return {
    crm: 'dynamics',
    sectionName: 'dynamics',
    section: {
      environmentUrl: running.url,
      tenantId: DEFAULT_OPTIONS.tenantId,
      clientId: app!.clientId,
      authorityHost: running.url,
    },
    secrets: { 'dynamics.clientSecret': { env: 'CLIENT_SECRET' } },
    variables: { CLIENT_SECRET: app!.secret },
    async refuse() {
      const body = { error: 'invalid_client', error_codes: [7000222] }
      await control.post('faults', { path: TOKEN_PATH, status: 401, body })
      await control.post('switches', { revokeTokens: true })
    },
    letIn: () => control.clearFaults(),
    async goSilent() {
      await control.clearFaults()
      await control.post('faults', { reset: true })
    },
    async requests() {
      const counts = await control.get<Record<string, number>>('counters')
      return Object.entries(counts)
        .filter(([key]) => key.startsWith('status '))
        .reduce((sum, [, count]) => sum + count, 0)
    },
    close: () => running.close(),
  }
}

/** SuperOffice of either kind: the approval is withdrawn, or the password changed. */
export async function superOfficeStand(mode: 'online' | 'onsite'): Promise<RefusingStand> {
  const running = await startSuperoffice({ mode, password: 'a password' })
  const control = standInControl(running.controlUrl)
  const { online, onsite, apiUrl } = running.handedOut
  const kind = online
    ? {
        section: {
          environment: 'sod',
          loginHost: online.loginUrl,
          contextIdentifier: online.contextIdentifier,
        },
        secrets: {
          'superoffice.clientSecret': { env: 'CLIENT_SECRET' },
          'superoffice.systemUserToken': { env: 'USER_TOKEN' },
          'superoffice.privateKey': { env: 'PRIVATE_KEY' },
        },
        variables: {
          CLIENT_SECRET: online.clientSecret,
          USER_TOKEN: online.systemUserToken,
          PRIVATE_KEY: online.privateKeyPem,
        },
      }
    : {
        section: { baseUrl: apiUrl, username: onsite!.user },
        secrets: { 'superoffice.password': { env: 'PASSWORD' } },
        variables: { PASSWORD: onsite!.password },
      }
  return {
    crm: `superoffice-${mode}`,
    sectionName: 'superoffice',
    ...kind,
    async refuse() {
      await control.post('approval', { revoked: true })
      await control.post('tickets/expire')
    },
    async letIn() {
      await control.post('approval', { revoked: false })
      await control.clearFaults()
    },
    goSilent: async () => void (await control.post('faults', { reset: true })),
    requests: async () => (await control.get<{ total: number }>('requests')).total,
    close: () => running.close(),
  }
}
