import { sign } from 'node:crypto'
import { standInControl, type StandInControl } from '../../../simulators/common/control-client.js'
import type { SuperofficeOptions } from '../../../simulators/superoffice/options.js'
import { startSuperoffice, type RunningSuperoffice } from '../../../simulators/superoffice/start.js'

/** An answer after reading. */
export interface Answer {
  readonly status: number
  readonly text: string
  // The bodies of a foreign service are what the tests look into.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any
  readonly headers: Headers
}

/** A signed-in client of a new stand-in. */
export interface TestInstallation {
  readonly running: RunningSuperoffice
  readonly control: StandInControl
  /** Calls the API below `/api/v1/`; a header set to '' is left out. */
  api(method: string, path: string, init?: CallInit): Promise<Answer>
  /** An archive query, each option encoded. */
  archive(provider: string, options: Record<string, string>, init?: CallInit): Promise<Answer>
  signIn(): Promise<void>
  close(): Promise<void>
}

/** Other parts of a call. */
export interface CallInit {
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** Starts a stand-in and signs in as its kind requires. */
export async function startInstallation(
  options: SuperofficeOptions = {},
): Promise<TestInstallation> {
  const running = await startSuperoffice(options)
  const { apiUrl, onsite, online } = running.handedOut
  let credentials: Record<string, string> = {}
  const installation: TestInstallation = {
    running,
    control: standInControl(running.controlUrl),
    api: (method, path, init = {}) =>
      call(method, path.startsWith('http') ? path : `${apiUrl}/${path}`, {
        ...init,
        headers: { Accept: 'application/json', ...credentials, ...init.headers },
      }),
    archive: (provider, given, init) =>
      installation.api('GET', `Archive/${provider}?${encoded(given)}`, init),
    signIn: async () => {
      credentials =
        onsite === undefined
          ? {
              Authorization: `SOTicket ${await ticket(running)}`,
              'SO-AppToken': online!.clientSecret,
            }
          : { Authorization: `Basic ${btoa(`${onsite.user}:${onsite.password}`)}` }
    },
    close: () => running.close(),
  }
  await installation.signIn()
  return installation
}

/** Options of an archive, percent-encoded. */
export function encoded(options: Record<string, string>): string {
  return Object.entries(options)
    .map(([name, value]) => `$${name}=${encodeURIComponent(value)}`)
    .join('&')
}

/** The body of an exchange, signed for a given time; fields may be replaced. */
export function exchange(running: RunningSuperoffice, atMs: number, changes = {}) {
  const { privateKeyPem, systemUserToken, clientSecret, contextIdentifier } =
    running.handedOut.online!
  const minute = new Date(atMs).toISOString().slice(0, 16).replace(/\D/g, '')
  const data = `${systemUserToken}.${minute}`
  const signature = sign('RSA-SHA256', Buffer.from(data), privateKeyPem).toString('base64')
  return {
    SignedSystemToken: `${data}.${signature}`,
    ApplicationToken: clientSecret,
    ContextIdentifier: contextIdentifier,
    ReturnTokenType: 'JWT',
    ...changes,
  }
}

/** Exchanges the system user token. */
export function authenticate(running: RunningSuperoffice, body: unknown): Promise<Answer> {
  return call('POST', `${running.url}/Login/api/PartnerSystemUser/Authenticate`, { body })
}

/** Claims of a JWT, unchecked. */
export function claimsOf(token: string): Record<string, string> {
  const [, claims] = token.split('.')
  return JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()) as Record<string, string>
}

async function ticket(running: RunningSuperoffice): Promise<string> {
  const answer = await authenticate(running, exchange(running, Date.now()))
  const token = String((answer.json as { Token: string }).Token)
  return claimsOf(token)['http://schemes.superoffice.net/identity/ticket'] ?? ''
}

/** One HTTP call; a body that is not text is sent as JSON. */
export async function call(method: string, url: string, init: CallInit = {}): Promise<Answer> {
  const json: Record<string, string> =
    init.body === undefined || typeof init.body === 'string'
      ? {}
      : { 'Content-Type': 'application/json; charset=utf-8' }
  const headers = Object.entries({ ...json, ...init.headers }).filter(([, value]) => value !== '')
  const body = typeof init.body === 'string' ? init.body : JSON.stringify(init.body)
  const response = await fetch(url, {
    method,
    headers: Object.fromEntries(headers),
    ...(init.body === undefined ? {} : { body }),
  })
  const text = await response.text()
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    parsed = undefined
  }
  return { status: response.status, text, json: parsed, headers: response.headers }
}
