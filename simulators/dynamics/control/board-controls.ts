import type { FaultRule } from '../../common/faults.js'
import { json } from '../../common/http-server.js'
import { describeInstallation } from '../installation/installation.js'
import type { ControlRoute } from './control-call.js'

/** Faults, counters, state and installation. */
export const boardControls: ControlRoute = (call) => {
  const [head, id] = call.segments
  const { faults, counters, org } = call.targets
  switch (head) {
    case 'faults':
      if (call.method === 'POST') {
        return json(201, { id: faults.arm(call.body as unknown as FaultRule) })
      }
      if (call.method === 'DELETE') {
        faults.clear(id)
      }
      return json(200, { faults: faults.list() })
    case 'counters':
      if (call.method === 'DELETE') {
        counters.reset()
      }
      return json(200, counters.snapshot())
    case 'installation':
      return json(200, describeInstallation(org))
    case 'state':
      return json(200, {
        version: org.store.currentVersion(),
        nowMs: org.clock.now(),
        clockSkewMs: org.clock.skewMs(),
        publishes: org.publishCount,
        tables: [...org.store.tables.values()].map((table) => ({
          logicalName: table.logicalName,
          entitySet: table.entitySet,
          custom: table.custom,
          rows: org.store.rows(table).size,
        })),
      })
    default:
      return undefined
  }
}
