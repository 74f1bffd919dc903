import { z } from 'zod'
import type { FaultRule } from '../../common/faults.js'
import type { ControlRoute } from './control-route.js'
import { dumpPersons } from './dump.js'

/** Faults, counters, written consents and state. */
export const boardControls: ControlRoute = (call) => {
  const { world } = call
  switch (`${call.method} ${call.segments.join('/')}`) {
    case 'GET health':
      return { ok: true }
    case 'GET facts':
      return call.facts()
    case 'GET faults':
      return world.faults.list()
    case 'POST faults':
      return { id: world.faults.arm(call.body(z.looseObject({})) as FaultRule) }
    case 'DELETE faults':
      world.faults.clear(call.query.get('id') ?? undefined)
      return {}
    case 'GET requests':
      return world.counts.snapshot()
    case 'POST requests/reset':
      world.counts.reset()
      return {}
    case 'GET writes':
      return world.writes.list()
    case 'POST writes/reset':
      world.writes.reset()
      return {}
    case 'GET dump':
      return {
        status: 200,
        headers: { 'Content-Type': 'application/x-ndjson' },
        body: dumpPersons(world),
      }
    case 'GET state':
      return {
        tenantState: world.tenantState,
        apiHost: world.apiHost,
        nowMs: world.clock.now(),
        persons: world.store.person.size,
        consents: world.store.consentperson.size,
        switches: world.switches,
      }
    default:
      return undefined
  }
}
