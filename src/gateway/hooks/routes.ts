import type { FastifyInstance } from 'fastify'
import type { GatewayOptions } from '../gateway-options.js'
import type { InboxSignals } from '../inbox-signals.js'
import { LIMITS } from '../limits.js'
import { TokenBuckets } from '../token-buckets.js'
import { createAdmission } from './admit.js'
import { readCrmHook } from './crm-hook.js'
import { readEmarketeerHook } from './emarketeer-hook.js'
import { takeHints } from './take-hints.js'

/** Webhooks in. A 2xx says that the hint is stored, and nothing about what will come of it. */
export function hookRoutes(
  app: FastifyInstance,
  { db, systems, vault, nowMs }: GatewayOptions,
  signals: InboxSignals,
  refusalsBySource: TokenBuckets,
): void {
  app.decorateRequest('hookOwner', null)
  const onRequest = createAdmission(
    db,
    refusalsBySource,
    new TokenBuckets(LIMITS.requestsPerConnection, nowMs),
  )
  app.post('/hooks/crm/:webhookRef', { onRequest }, async (request, reply) => {
    const connection = request.hookOwner!
    const hints = readCrmHook({ systems, vault }, connection, request)
    await takeHints(db, signals, connection, hints)
    const status = systems.driverOf(connection)?.webhookStatus ?? 202
    return reply.code(status).send({ accepted: true })
  })
  app.post('/hooks/em/:webhookRef', { onRequest }, async (request, reply) => {
    const connection = request.hookOwner!
    await takeHints(db, signals, connection, readEmarketeerHook(vault, connection, request))
    return reply.code(202).send({ accepted: true })
  })
}
