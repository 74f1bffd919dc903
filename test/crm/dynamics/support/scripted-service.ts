import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as received. */
export interface Heard {
  readonly method: string
  /** Path and query, percent-decoded: the part after `/api/data/v9.2/`, or the complete path of other requests. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** The answer; an object body is sent as JSON. */
export interface Said {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/**
 * A service on loopback that returns a test's answers. It answers token requests itself unless `tokens` is given. No
 * column is secured.
 */
export async function scriptedService(
  answer: (heard: Heard, url: string) => Said | Promise<Said>,
  tokens?: (issued: number) => Said | Promise<Said>,
) {
  const heard: Heard[] = []
  const tokenRequests: Heard[] = []
  let issued = 0
  let url = ''
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const raw = request.url ?? ''
      const one: Heard = {
        method: request.method ?? '',
        path: decodeURIComponent(raw).replace('/api/data/v9.2/', ''),
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      const isToken = raw.includes('/oauth2/v2.0/token')
      const say = async (): Promise<Said> => {
        if (isToken) {
          issued += 1
          tokenRequests.push(one)
          return tokens?.(issued) ?? tokenAnswer(`token-${issued}`)
        }
        if (one.path.includes('IsSecured')) {
          return { status: 200, body: { value: [] } }
        }
        heard.push(one)
        return answer(one, url)
      }
      // A failed expectation inside an answer must end the call, and thereby the test.
      const failed = (error: unknown): Said => ({ status: 500, body: String(error) })
      void say()
        .catch(failed)
        .then(({ status, headers = {}, body = '' }) => {
          const text = typeof body === 'string' ? body : JSON.stringify(body)
          const type = typeof body === 'string' ? {} : { 'content-type': 'application/json' }
          response.writeHead(status, { ...type, ...headers }).end(text)
        })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    heard,
    tokenRequests,
    issued: () => issued,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Entra's answer with a token. */
export function tokenAnswer(token: string, expiresInSeconds = 3599): Said {
  const body = {
    token_type: 'Bearer',
    expires_in: expiresInSeconds,
    ext_expires_in: expiresInSeconds,
    access_token: token,
  }
  return { status: 200, body }
}
