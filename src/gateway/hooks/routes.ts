import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { GatewayOptions } from '../gateway-options.js'
import type { InboxSignals } from '../inbox-signals.js'
import { Admission, type HookSide } from './admit.js'
import { crmSide, emarketeerSide } from './sides.js'
import { KnownAddresses } from './known-addresses.js'
import { hookPath } from '../../contracts/names.js'
import { permitsOf } from '../../domain/connection-state.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'
import type { Queryable } from '../../ledger/db/database.js'
import { putHints, shardsToHandle, type InboxHint } from '../../ledger/run/inbox.js'

/** Routes that receive webhooks. A 2xx says that the hint is stored, and nothing about its effect. */
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
    app.post(hookPath(side.name, ':webhookRef'), { onRequest }, async (request, reply) => {
      const { connection, hints } = await admission.withBody(side, request)
      await storeHints(db, signals, connection, hints)
      return reply.code(statusOf(request)).send({ accepted: true })
    })
  }
  route(
    crmSide({ systems, vault }),
    ({ hookOwner }) => systems.driverOf(hookOwner!)?.webhookStatus ?? 202,
  )
  route(emarketeerSide(vault), () => 202)
}

/**
 * Stores hints, then wakes the workflows of their shards. During set-up or a pause, hints are only stored: they count
 * at the send gate (G7), and the first hint or sweep afterwards handles them. In a pause that lets opt-outs flow, they
 * are handled, and changes that make somebody more mailable are withheld.
 * @throws AppError `database_unreachable`: nothing was stored, and the sender has to send it again.
 */
async function storeHints(
  db: Queryable,
  signals: InboxSignals,
  connection: ConnectionRow,
  hints: readonly InboxHint[],
): Promise<void> {
  if (hints.length === 0) {
    return
  }
  const { connectionId } = connection
  const areNew = (await putHints(db, connectionId, hints)) === hints.length
  if (permitsOf(connection).hints !== 'acted on') {
    return
  }
  // A repeated hint that waits wakes the workflow as well: Temporal may have been away when it was stored.
  const shards = areNew
    ? new Set(hints.map((hint) => hint.shard))
    : await shardsToHandle(db, connectionId, hints)
  shards.forEach((shard) => signals.notify(connection, shard))
}
