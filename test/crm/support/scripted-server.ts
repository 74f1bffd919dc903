import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as received; path and query are not decoded. */
export interface Heard {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** The answer; an object is sent as JSON. */
export interface Said {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** A server on loopback that returns a test's answers. */
export async function scriptedServer(answer: (heard: Heard, url: string) => Said | Promise<Said>) {
  const heard: Heard[] = []
  let url = ''
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      const one = { method, path, headers, body: Buffer.concat(chunks).toString('utf8') }
      heard.push(one)
      // A failed expectation inside an answer must end the call, and thereby the test.
      const failed = (error: unknown): Said => ({ status: 500, body: String(error) })
      void Promise.resolve()
        .then(() => answer(one, url))
        .catch(failed)
        .then(({ status, headers: said = {}, body = '' }) => {
          const text = typeof body === 'string' ? body : JSON.stringify(body)
          const type = typeof body === 'string' ? {} : { 'content-type': 'application/json' }
          response.writeHead(status, { ...type, ...said }).end(text)
        })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    heard,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
