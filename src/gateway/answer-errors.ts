import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { httpRefusal, toRefusal, type Refusal } from './refusal.js'
import type { RefusalLog } from './refusal-log.js'

/**
 * Lets every failure end as an error document. A log line has the code, the status and the route's pattern: nothing of
 * the body, and no address, for a webhook's address is half of its secret. Where there is no route, the body is not read.
 */
export function answerErrors(app: FastifyInstance, log: RefusalLog): void {
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
export function refuse(
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
