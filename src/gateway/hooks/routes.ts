import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { GatewayOptions } from '../gateway-options.js'
import type { InboxSignals } from '../inbox-signals.js'
import { Admission, type HookSide } from './admit.js'
import { crmSide } from './crm-hook.js'
import { emarketeerSide } from './emarketeer-hook.js'
import { KnownAddresses } from './known-addresses.js'
import { takeHints } from './take-hints.js'

/** Webhooks in. A 2xx says that the hint is stored, and nothing about what will come of it. */
export function hookRoutes(
  app: FastifyInstance,
  { db, systems, vault, nowMs, log }: GatewayOptions,
  signals: InboxSignals,
): void {
  app.decorateRequest('hookOwner', null)
  const addresses = new KnownAddresses(db, log)
  const admission = new Admission(addresses, nowMs)
  app.addHook('onReady', () => addresses.open())
  app.addHook('onClose', async () => addresses.close())

  const route = (side: HookSide, statusOf: (request: FastifyRequest) => number) => {
    const onRequest = (request: FastifyRequest, reply: FastifyReply) =>
      admission.beforeBody(side, request, reply)
    app.post(`/hooks/${side.name}/:webhookRef`, { onRequest }, async (request, reply) => {
      const { connection, hints } = await admission.withBody(side, request)
      await takeHints(db, signals, connection, hints)
      return reply.code(statusOf(request)).send({ accepted: true })
    })
  }
  route(
    crmSide({ systems, vault }),
    ({ hookOwner }) => systems.driverOf(hookOwner!)?.webhookStatus ?? 202,
  )
  route(emarketeerSide(vault), () => 202)
}
