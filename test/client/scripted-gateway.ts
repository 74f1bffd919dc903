import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from '@jest/globals'

/** One answer, in the order of the requests. `drop`: the connection breaks. */
export type Scripted =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body: unknown }
  | 'drop'

/** A gateway that returns a test's answers. */
export interface ScriptedGateway {
  readonly url: string
  readonly asked: readonly { readonly path: string; readonly authorization: string | undefined }[]
}

/** Ends the gateways that a test started. */
export function withScriptedGateway(): (answers: readonly Scripted[]) => Promise<ScriptedGateway> {
  const undo: (() => void)[] = []
  afterEach(() => undo.splice(0).forEach((close) => close()))
  return async (answers) => {
    const left = [...answers]
    const asked: { path: string; authorization: string | undefined }[] = []
    const server = createServer((request: IncomingMessage, response) => {
      const { url = '', headers } = request
      asked.push({ path: url, authorization: headers.authorization })
      const answer = left.shift() ?? { status: 500, body: 'not in the script' }
      if (answer === 'drop') {
        request.socket.destroy()
        return
      }
      const { status = 200, body } = answer
      response.writeHead(status, { connection: 'close', ...answer.headers })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    undo.push(() => server.close())
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
  }
}
