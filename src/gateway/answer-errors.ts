import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../telemetry/logger.js'
import { httpRefusal, toRefusal, type Refusal } from './refusal.js'

/**
 * Lets every failure end as an error document. A log line has the code, the status and the route's pattern: nothing of
 * the body, and no address, for a webhook's address is half of its secret.
 */
export function answerErrors(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error, request, reply) =>
    refuse(toRefusal(error), error, request, reply, log),
  )
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
  log: Logger,
): FastifyReply {
  const fields = {
    code: refusal.code,
    httpStatus: refusal.status,
    method: request.method,
    route: request.routeOptions?.url ?? null,
    connectionId: request.hookOwner?.connectionId ?? null,
  }
  if (refusal.status === 500) {
    log.error({ ...fields, err: cause }, 'request failed')
  } else {
    log.warn(fields, 'request refused')
  }
  if (refusal.retryAfterSeconds !== null) {
    void reply.header('retry-after', String(refusal.retryAfterSeconds))
  }
  return reply.code(refusal.status).send(refusal.document)
}
