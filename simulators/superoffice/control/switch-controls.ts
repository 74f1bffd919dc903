import { switchesSchema } from '../switches.js'
import type { ControlRoute } from './control-route.js'
import * as schemas from './schemas.js'

/** Acts of administrators and operators, and changes of clocks. */
export const switchControls: ControlRoute = async (call) => {
  const { world } = call
  switch (`${call.method} ${call.segments.join('/')}`) {
    case 'POST switches':
      return Object.assign(world.switches, call.body(switchesSchema.partial()))
    case 'POST clock': {
      const { skewMs, loginSkewMs, stampSkewMs } = call.body(schemas.clockBody)
      world.stampSkewMs = stampSkewMs ?? world.stampSkewMs
      world.clock.setSkewMs(skewMs ?? world.clock.skewMs())
      world.loginClock.setSkewMs(loginSkewMs ?? world.loginClock.skewMs())
      return {
        skewMs: world.clock.skewMs(),
        loginSkewMs: world.loginClock.skewMs(),
        stampSkewMs: world.stampSkewMs,
      }
    }
    case 'POST tenant':
      world.tenantState = call.body(schemas.tenantBody).state
      return {}
    case 'POST move':
      return { apiHost: await call.moveApi() }
    case 'POST tickets/expire':
      return { expired: call.tickets.expireAll() }
    case 'POST tickets/idle':
      call.tickets.idle(call.body(schemas.idleBody).seconds * 1000)
      return {}
    case 'POST approval':
      call.approval.revoked = call.body(schemas.approvalBody).revoked
      return {}
    case 'GET webhooks':
      return { ...world.sender.tally(), webhooks: world.webhooks.list() }
    case 'POST webhooks/drain':
      await world.sender.drained()
      return world.sender.tally()
    case 'POST webhook-faults':
      Object.assign(world.sender.faults, call.body(schemas.webhookFaultsBody))
      world.sender.pump()
      return world.sender.faults
    default:
      return undefined
  }
}
