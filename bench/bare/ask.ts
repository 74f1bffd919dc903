import * as http from 'node:http'
import * as https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'

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

/** A complete answer. */
export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

/** Sends one request and reads the complete answer, without further processing. */
export function ask(
  { method, url, headers = {}, body = '' }: Asked,
  agent: http.Agent,
): Promise<Answer> {
  const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const open = url.startsWith('https:') ? https.request : http.request
  return new Promise((resolve, reject) => {
    const request = open(url, { method, headers: { ...headers, ...length }, agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      )
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

/**
 * Sends one request, and repeats it after `Retry-After` while the server answers 429.
 * @param onWait called before each wait.
 */
export async function askPatiently(
  asked: Asked,
  agent: http.Agent,
  onWait: () => void = () => undefined,
): Promise<Answer> {
  let answer = await ask(asked, agent)
  while (answer.status === 429) {
    onWait()
    await sleep(Number(answer.headers['retry-after'] ?? 1) * 1000)
    answer = await ask(asked, agent)
  }
  return answer
}
