import * as http from 'node:http'
import * as https from 'node:https'

/** One HTTP request; length headers are added when it is sent. */
export interface Asked {
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** An agent that keeps connections open. @param ca trusted besides the public authorities. */
export function keepAlive(url: string, ca?: string): http.Agent {
  return url.startsWith('https:')
    ? new https.Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) })
    : new http.Agent({ keepAlive: true })
}

/** Sends one request and reads the complete answer, without further processing. */
export function ask(
  { method, url, headers = {}, body = '' }: Asked,
  agent: http.Agent,
): Promise<{ readonly status: number; readonly body: Buffer }> {
  const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const open = url.startsWith('https:') ? https.request : http.request
  return new Promise((resolve, reject) => {
    const request = open(url, { method, headers: { ...headers, ...length }, agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }),
      )
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}
