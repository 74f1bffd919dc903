import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** One request with its complete body; `path` and `rawQuery` are still percent-encoded. */
export interface SimRequest {
  readonly method: string
  readonly path: string
  /** Text after `?`; empty if there is none. */
  readonly rawQuery: string
  /** Lower-case names; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** The stand-in's answer; `drop` cuts the connection instead of the answer, or in the middle of it. */
export interface SimResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  readonly drop?: 'before' | 'midway'
}

/** Answers one request. A thrown error becomes a 500 without a body. */
export type SimHandler = (request: SimRequest) => SimResponse | Promise<SimResponse>

/** A listening stand-in. `close` also ends open connections and resolves when the port is free. */
export interface SimServer {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** A server's own certificate; both in PEM. */
export interface ServerCertificate {
  readonly key: string
  readonly cert: string
}

/**
 * Starts a server on 127.0.0.1, with TLS if it gets a certificate; port 0 takes a free one. Request lines may have up
 * to 256 KB, because long filters need it.
 */
export async function listen(
  port: number,
  handler: SimHandler,
  tls?: ServerCertificate,
): Promise<SimServer> {
  const limits = { maxHeaderSize: 256 * 1024, keepAliveTimeout: 30_000 }
  const take = (req: IncomingMessage, res: ServerResponse): void => {
    void answer(req, res, handler)
  }
  const server =
    tls === undefined ? createServer(limits, take) : createTlsServer({ ...limits, ...tls }, take)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const bound = (server.address() as AddressInfo).port
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${bound}`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export function json(
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): SimResponse {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  }
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  handler: SimHandler,
): Promise<void> {
  let response: SimResponse
  try {
    response = await handler(await readRequest(req))
  } catch (error) {
    response = { status: 500, body: error instanceof Error ? `${error.stack}` : 'error' }
  }
  if (response.drop === 'before' || res.destroyed) {
    req.socket.destroy()
    return
  }
  const body = Buffer.isBuffer(response.body) ? response.body : Buffer.from(response.body ?? '')
  const bare = response.status === 204 || response.status === 304
  const length: Record<string, string> = bare ? {} : { 'Content-Length': String(body.length) }
  res.writeHead(response.status, { ...response.headers, ...length })
  if (response.drop === 'midway') {
    res.write(body.subarray(0, Math.ceil(body.length / 2)), () => req.socket.destroy())
    return
  }
  res.end(bare ? undefined : body)
}

async function readRequest(req: IncomingMessage): Promise<SimRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of req) {
    chunks.push(chunk as Buffer)
  }
  const url = req.url ?? '/'
  const mark = url.indexOf('?')
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(req.headers)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '')
  }
  return {
    method: req.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    rawQuery: mark < 0 ? '' : url.slice(mark + 1),
    headers,
    body: Buffer.concat(chunks),
  }
}
