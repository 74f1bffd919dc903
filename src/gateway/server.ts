import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { GatewayOptions } from './gateway-options.js'
import { hookRoutes } from './hooks/routes.js'
import { InboxSignals } from './inbox-signals.js'
import { LIMITS } from './limits.js'
import { httpRefusal, toRefusal, type Refusal } from './refusal.js'
import { sendoutRoutes } from './api/sendout-routes.js'
import { readFileSync } from 'node:fs'
import { probeDatabase, type Queryable } from '../ledger/db/database.js'
import { keptFor } from './shared-reading.js'
import { callTemporal, type GatewayTemporal, type TemporalAccess } from './temporal-access.js'
import type { Socket } from 'node:net'
import type { LogFields } from '../telemetry/log-fields.js'
import type { Logger } from '../telemetry/logger.js'

/** Where the gateway listens. */
export interface ListenOptions {
  readonly port: number
  /** 127.0.0.1, unless a container must be reachable from outside. */
  readonly host?: string
}

/**
 * The gateway: receives webhooks, serves lists and results, reports health (docs/gateway.md). It reads the list of
 * webhook addresses before it listens; apart from that it connects to nothing before it needs it. Closing it waits for
 * running requests; the resources it was given stay open.
 */
export function createGateway(options: GatewayOptions): FastifyInstance {
  const { db, log, temporal, trustedProxies = [] } = options
  const refusals = new RefusalLog(log)
  const app: FastifyInstance = fastify({
    logger: false,
    bodyLimit: LIMITS.bodyBytes,
    requestTimeout: LIMITS.requestTimeoutMs,
    keepAliveTimeout: LIMITS.keepAliveMs,
    forceCloseConnections: 'idle',
    // A sendout id has up to 200 characters, each of which may be percent-encoded.
    routerOptions: { maxParamLength: 600 },
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    http: {
      headersTimeout: LIMITS.headersTimeoutMs,
      connectionsCheckingInterval: LIMITS.timeoutCheckMs,
    },
    clientErrorHandler: answerClientErrors(refusals),
    frameworkErrors: (error, request, reply) =>
      void refuse(httpRefusal('request_malformed'), error, request, reply, refusals),
  })
  app.server.maxConnections = LIMITS.maxSockets
  const signals = new InboxSignals(temporal, log)
  app.addHook('onSend', async (_request, reply) => {
    void reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  })
  app.addHook('onClose', async () => {
    refusals.close()
    await signals.close()
  })
  takeRawJson(app)
  answerErrors(app, refusals)
  healthRoutes(app, db, temporal)
  hookRoutes(app, options, signals)
  sendoutRoutes(app, options)
  return app
}

/** Starts listening. @returns the address at which it is reachable. */
export function listen(
  app: FastifyInstance,
  { port, host = '127.0.0.1' }: ListenOptions,
): Promise<string> {
  return app.listen({ port, host })
}

/**
 * Accepts JSON only, and keeps the bytes as they came: signatures cover them, and no data is parsed before its sender
 * is known. Refuses compressed bodies, so that a small one cannot become a large one.
 */
function takeRawJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
  app.addHook('preParsing', async (request) => {
    const encoding = request.headers['content-encoding']
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      throw httpRefusal('media_type_not_supported')
    }
  })
}

interface PackageFile {
  readonly name: string
  readonly version: string
}

/** Whether the systems that the gateway needs answer. */
interface Readiness {
  readonly ready: boolean
  readonly database: 'up' | 'down'
  readonly temporal: 'up' | 'down'
}

/**
 * `/healthz`: the process runs; set-up reads it through PUBLIC_URL to prove that webhooks will arrive (E2). `/readyz`:
 * 503 unless the database and Temporal answered within the last second and Temporal knows the namespace; repeated calls
 * cause no further checks. `/version`: the running version.
 */
function healthRoutes(app: FastifyInstance, db: Queryable, temporal: TemporalAccess): void {
  const version = readVersion()
  app.get('/healthz', () => ({ status: 'ok', service: version.name }))
  app.get('/version', () => version)
  const readiness = keptFor(LIMITS.readinessMs, () => readReadiness(db, temporal))
  app.get('/readyz', async (_request, reply) => {
    const found = await readiness()
    return reply.code(found.ready ? 200 : 503).send(found)
  })
}

async function readReadiness(db: Queryable, temporal: TemporalAccess): Promise<Readiness> {
  const [database, server] = await Promise.all([
    upOrDown(probeDatabase(db)),
    upOrDown(callTemporal(temporal, knowsOurNamespace)),
  ])
  return { ready: database === 'up' && server === 'up', database, temporal: server }
}

/** A server that answers but does not know the namespace accepts no signal. */
function knowsOurNamespace({ workflowService, options }: GatewayTemporal): Promise<unknown> {
  return workflowService.describeNamespace({ namespace: options.namespace })
}

function upOrDown(proof: Promise<unknown>): Promise<'up' | 'down'> {
  return proof.then(
    () => 'up',
    () => 'down',
  )
}

/** Reads the package file next to `src` (or `dist`). */
function readVersion(): PackageFile {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { name, version } = JSON.parse(text) as PackageFile
  return { name, version }
}

/**
 * Answers every failure with an error document. A log line has the code, the status and the route's pattern: nothing of
 * the body, and no address, because a webhook's address is half of its secret. If there is no route, the body is not
 * read.
 */
function answerErrors(app: FastifyInstance, log: RefusalLog): void {
  app.setErrorHandler((error, request, reply) =>
    refuse(toRefusal(error), error, request, reply, log),
  )
  app.addHook('onRequest', async (request) => {
    if (request.is404) {
      throw httpRefusal('route_not_found')
    }
  })
  app.setNotFoundHandler((request, reply) => {
    const refusal = httpRefusal('route_not_found')
    return refuse(refusal, refusal, request, reply, log)
  })
}

/** Answers a request with a refusal. */
function refuse(
  refusal: Refusal,
  cause: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: RefusalLog,
): FastifyReply {
  const fields = {
    code: refusal.code,
    httpStatus: refusal.status,
    method: request.method,
    route: request.routeOptions?.url ?? null,
    connectionId: request.hookOwner?.connectionId ?? null,
  }
  if (refusal.status === 500) {
    log.write('error', { ...fields, err: cause }, 'request failed')
  } else {
    log.write('warn', fields, 'request refused')
  }
  if (refusal.retryAfterSeconds !== null) {
    void reply.header('retry-after', String(refusal.retryAfterSeconds))
  }
  return reply.code(refusal.status).send(refusal.document)
}

/**
 * Answers a request that is not HTTP, or was too slow, also with a document. There is no reply object yet, so it is
 * written by hand. The log line has only Node's own code.
 */
function answerClientErrors(log: RefusalLog): (error: Error, socket: Socket) => void {
  return (error, socket) => {
    const { code = null } = error as NodeJS.ErrnoException
    if (code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const refusal = httpRefusal('request_malformed')
    const fields = { code: refusal.code, httpStatus: refusal.status, upstreamCode: code }
    log.write('warn', fields, 'bad request')
    const body = JSON.stringify(refusal.document)
    const head = [
      'HTTP/1.1 400 Bad Request',
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  }
}

/** Fields of a log line about a refusal; codes and routes contain no personal data. */
type RefusalFields = LogFields & { readonly code: string }

interface Sum {
  readonly fields: RefusalFields
  readonly timer: NodeJS.Timeout
  more: number
}

/**
 * Log lines of refusals. The first of a kind (code, route and connection) is written immediately; those that follow
 * within {@link LIMITS.refusalLogMs} are counted and written as one line at the end of that time. Many requests of one
 * sender thus make few lines.
 */
export class RefusalLog {
  readonly #sums = new Map<string, Sum>()

  constructor(private readonly log: Logger) {}

  /** @param level `error` for our own faults. */
  write(level: 'warn' | 'error', fields: RefusalFields, message: string): void {
    const key = `${fields.code} ${fields.route ?? ''} ${fields.connectionId ?? ''}`
    const known = this.#sums.get(key)
    if (known) {
      known.more += 1
      return
    }
    this.log[level](fields, message)
    const timer = setTimeout(() => this.#writeSum(key), LIMITS.refusalLogMs)
    timer.unref()
    this.#sums.set(key, { fields, timer, more: 0 })
  }

  /** Writes the counted lines. */
  close(): void {
    ;[...this.#sums.keys()].forEach((key) => this.#writeSum(key))
  }

  #writeSum(key: string): void {
    const { fields, timer, more } = this.#sums.get(key)!
    clearTimeout(timer)
    this.#sums.delete(key)
    if (more > 0) {
      const { code, httpStatus, route, connectionId } = fields
      const summed = { code, httpStatus, route, connectionId, requests: more }
      this.log.warn(summed, 'more requests refused')
    }
  }
}
