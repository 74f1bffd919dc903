import fastify, { type FastifyInstance } from 'fastify'
import { answerClientErrors } from './answer-client-errors.js'
import { answerErrors, refuse } from './answer-errors.js'
import type { GatewayOptions } from './gateway-options.js'
import { healthRoutes } from './health-routes.js'
import { hookRoutes } from './hooks/routes.js'
import { InboxSignals } from './inbox-signals.js'
import { LIMITS } from './limits.js'
import { takeRawJson } from './raw-json.js'
import { httpRefusal } from './refusal.js'
import { RefusalLog } from './refusal-log.js'
import { sendoutRoutes } from './api/sendout-routes.js'

/** Where the gateway listens. */
export interface ListenOptions {
  readonly port: number
  /** 127.0.0.1 unless a container has to be reached from outside. */
  readonly host?: string
}

/**
 * The gateway: webhooks in, lists and results out, health (docs/gateway.md). Nothing is connected to before it is
 * needed, but for the list of webhook addresses, which is read before it listens. Closing it waits for what is under way; what it was given stays open.
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

/** Starts listening. @returns the address that it is reached at. */
export function listen(
  app: FastifyInstance,
  { port, host = '127.0.0.1' }: ListenOptions,
): Promise<string> {
  return app.listen({ port, host })
}
