import { DEFAULT_OPTIONS } from '../../../simulators/dynamics/options.js'
import { startDynamics, type RunningDynamics } from '../../../simulators/dynamics/start-dynamics.js'

/** An answer after reading. `json` is an empty object if the body is not JSON. */
export interface Answer {
  readonly status: number
  readonly text: string
  // The bodies of a foreign service are what the tests look into.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any
  readonly headers: Headers
}

/** A signed-in client of a new stand-in. */
export interface TestOrganisation {
  readonly url: string
  readonly root: string
  api(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>
  control(method: string, path: string, body?: unknown): Promise<Answer>
  signIn(): Promise<void>
  close(): Promise<void>
}

/** Headers that every request must have; null removes one. */
const HEADERS = {
  Accept: 'application/json',
  'OData-Version': '4.0',
  'OData-MaxVersion': '4.0',
}

/** Starts a stand-in and signs in as its application. */
export async function startOrganisation(
  options: Parameters<typeof startDynamics>[0] = {},
): Promise<TestOrganisation> {
  const running: RunningDynamics = await startDynamics(options)
  const root = `${running.url}/api/data/v9.2/`
  let token = ''
  const organisation: TestOrganisation = {
    url: running.url,
    root,
    api: async (method, path, body, headers = {}) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const type: Record<string, string> =
        body === undefined ? {} : { 'Content-Type': 'application/json' }
      return read(
        await fetch(path.startsWith('http') ? path : `${root}${path}`, {
          method,
          headers: { Authorization: `Bearer ${token}`, ...HEADERS, ...type, ...headers },
          ...(body === undefined ? {} : { body: text }),
        }),
      )
    },
    control: async (method, path, body) =>
      read(
        await fetch(`${running.controlUrl}/${path}`, {
          method,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      ),
    signIn: async () => {
      const answer = await requestToken(running.url, {})
      token = String(answer.json.access_token)
    },
    close: () => running.close(),
  }
  await organisation.signIn()
  return organisation
}

/** Requests a token; fields may be replaced, or removed by an empty text. */
export async function requestToken(
  url: string,
  changes: Record<string, string>,
  tenant = DEFAULT_OPTIONS.tenantId,
): Promise<Answer> {
  const [app] = DEFAULT_OPTIONS.apps
  const form = {
    grant_type: 'client_credentials',
    client_id: app?.clientId ?? '',
    client_secret: app?.secret ?? '',
    scope: `${url}/.default`,
    ...changes,
  }
  const body = new URLSearchParams(Object.entries(form).filter(([, value]) => value !== ''))
  return read(await fetch(`${url}/${tenant}/oauth2/v2.0/token`, { method: 'POST', body }))
}

/** A `$batch` body with CRLF everywhere; each part is a request line, headers and a body. */
export function batchBody(boundary: string, parts: readonly string[]): string {
  const framed = parts.map((part) =>
    [
      `--${boundary}`,
      'Content-Type: application/http',
      'Content-Transfer-Encoding: binary',
      '',
      part,
    ].join('\r\n'),
  )
  return [...framed, `--${boundary}--`, ''].join('\r\n')
}

/** One part: PATCH with a JSON body. */
export function patchPart(path: string, body: unknown, headers: readonly string[] = []): string {
  return [
    `PATCH /api/data/v9.2/${path} HTTP/1.1`,
    'Content-Type: application/json',
    ...headers,
    '',
    JSON.stringify(body),
  ].join('\r\n')
}

async function read(response: Response): Promise<Answer> {
  const text = await response.text()
  let json: unknown = {}
  try {
    json = JSON.parse(text)
  } catch {
    // Not every answer is JSON: batches, counts, empty ones.
  }
  return { status: response.status, text, json, headers: response.headers }
}
