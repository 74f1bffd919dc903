import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TokenSource } from '../../src/crm/dynamics/auth/token-source.js'
import { DataverseClient } from '../../src/crm/dynamics/client.js'
import { SuperOfficeClient } from '../../src/crm/superoffice/client.js'
import { createEmarketeerClient, type EmarketeerClient } from '../../src/emarketeer/index.js'
import { type CallContext, createHttp, type UnreadableRecord } from '../../src/http/index.js'

/** The caller, with a service that returns a test's answers. */
export interface Stage {
  readonly url: string
  readonly emarketeer: EmarketeerClient
  readonly dynamics: DataverseClient
  readonly superOffice: SuperOfficeClient
  /** The context of the present case. */
  readonly context: CallContext
  /** Answers with this JSON from now on; undefined: the usual answer. A `$batch` gets each given value as a part. */
  say(answer: (path: string) => unknown): void
  /** Records reported as unreadable since the last call. */
  unreadable(): readonly UnreadableRecord[]
  close(): Promise<void>
}

/** The answer to requests that a case does not test. */
function usual(path: string): unknown {
  return path.includes('currentPrincipal') ? { AssociateId: 316 } : { value: [] }
}

export async function openStage(): Promise<Stage> {
  let answer: (path: string) => unknown = () => undefined
  let told: UnreadableRecord[] = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '')
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const given = answer(path) === undefined ? usual(path) : answer(path)
      if (path.endsWith('$batch')) {
        const asked = Buffer.concat(chunks).toString('utf8').match(/^GET /gm)?.length ?? 1
        response.writeHead(200, { 'content-type': 'multipart/mixed; boundary=b' })
        response.end(multipart(given, asked))
      } else {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(given))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const token = { token: () => Promise.resolve('t'), drop: () => undefined }
  const crmHttp = (system: string) => createHttp({ system, baseUrl: url })
  const [dynamicsHttp, superOfficeHttp] = [crmHttp('dynamics'), crmHttp('superoffice')]
  const emarketeer = createEmarketeerClient({ syncUrl: url, apiKey: 'k', accountId: '1001' })
  return {
    url,
    emarketeer,
    dynamics: new DataverseClient(dynamicsHttp, token as unknown as TokenSource, url),
    superOffice: new SuperOfficeClient(
      {
        contextIdentifier: null,
        through: (_context, send) => send({ http: superOfficeHttp, headers: {} }),
        forgetStatus: () => undefined,
      },
      'key',
    ),
    context: { onUnreadable: (record) => told.push(record) },
    say: (next) => (answer = next),
    unreadable: () => {
      const since = told
      told = []
      return since
    },
    close: async () => {
      emarketeer.close()
      dynamicsHttp.close()
      superOfficeHttp.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** One list of answers for each request in a batch, or the same for all. */
function multipart(given: unknown, asked: number): string {
  const answers = Array.isArray(given) ? given : Array.from({ length: asked }, () => given)
  const parts = answers.map(
    (one) =>
      '--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n' +
      `Content-Type: application/json\r\n\r\n${JSON.stringify(one)}\r\n`,
  )
  return `${parts.join('')}--b--\r\n`
}
