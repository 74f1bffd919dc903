import { subscribe } from 'node:diagnostics_channel'
import { createWriteStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { RecordedRequest } from './request-log.js'

/** What Node reports of a request at its start and at its end. */
interface Served {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly socket: Socket
}

/** A running request. */
interface Begun {
  readonly startedMs: number
  readonly bytesBefore: number
  readonly chunks: Buffer[]
}

/**
 * Writes every request that a server of this process serves to a file, one per line. Leaves out the control API, which
 * belongs to no system.
 */
export function recordRequests(path: string): void {
  const out = createWriteStream(path, { flags: 'a' })
  const begun = new WeakMap<IncomingMessage, Begun>()
  subscribe('http.server.request.start', (message) => {
    const { request, socket } = message as Served
    if (!request.url?.startsWith('/__control')) {
      begun.set(request, {
        startedMs: nowMs(),
        bytesBefore: socket.bytesWritten,
        chunks: keepBody(request),
      })
    }
  })
  subscribe('http.server.response.finish', (message) => {
    const served = message as Served
    const start = begun.get(served.request)
    if (start !== undefined) {
      out.write(`${JSON.stringify(lineOf(served, start))}\n`)
    }
  })
}

function lineOf({ request, response, socket }: Served, start: Begun): RecordedRequest {
  const scheme = 'encrypted' in socket ? 'https' : 'http'
  return {
    startedMs: start.startedMs,
    endedMs: nowMs(),
    connection: `${socket.localPort}/${socket.remotePort}`,
    method: request.method ?? 'GET',
    url: `${scheme}://127.0.0.1:${socket.localPort}${request.url}`,
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ),
    body: Buffer.concat(start.chunks).toString('utf8'),
    status: response.statusCode,
    answerBytes: socket.bytesWritten - start.bytesBefore,
  }
}

/** Reads the body's chunks as they are pushed into the stream: a listener would take them from the handler. */
function keepBody(request: IncomingMessage): Buffer[] {
  const chunks: Buffer[] = []
  const push = request.push.bind(request)
  request.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (Buffer.isBuffer(chunk)) {
      chunks.push(chunk)
    }
    return push(chunk, encoding)
  }
  return chunks
}

function nowMs(): number {
  return performance.timeOrigin + performance.now()
}
