import { describe, expect, it } from '@jest/globals'
import type { Client } from '@temporalio/client'
import { MockActivityEnvironment } from '@temporalio/testing'
import { createSweepActivities } from '../../src/activities/sweep-activities.js'
import type { ConnectionRow } from '../../src/ledger/connection/connections.js'
import type { Systems } from '../../src/connection/systems.js'

const connectionId = 'acme'
const environment = new MockActivityEnvironment()

let row: Pick<ConnectionRow, 'crm' | 'state' | 'pauseMode'>

const systems = {
  connection: async () => row,
  db: { query: async () => [] },
} as unknown as Systems

function toState(state: ConnectionRow['state'], pauseMode: ConnectionRow['pauseMode'] = null) {
  row = { crm: 'dynamics', state, pauseMode }
}

/** Starts the sweep; returns the workflows that were started and ended. */
async function startSweep(meanwhile: () => void = () => undefined) {
  const done: string[] = []
  const temporal = {
    workflow: {
      start: async (type: string) => {
        done.push(`start ${type}`)
        meanwhile()
      },
      getHandle: (id: string) => ({ terminate: async () => void done.push(`end ${id}`) }),
    },
  } as unknown as Client
  const activity = createSweepActivities({ systems, temporal }).startSweep
  await environment.run(activity, { connectionId })
  return done
}

describe('an activity that starts the sweep late', () => {
  it.each<[ConnectionRow['state'], ConnectionRow['pauseMode'], string[]]>([
    ['active', null, ['start backgroundSweep']],
    ['settingUp', null, ['start backgroundSweep']],
    ['paused', 'loosening', ['start backgroundSweep']],
    ['paused', 'all', []],
    ['paused', null, []],
    ['disabled', null, []],
  ])('of a connection that is %s (%s): %j', async (state, mode, done) => {
    toState(state, mode)
    expect(await startSweep()).toEqual(done)
  })

  it('takes it back where the connection was disabled at that very moment', async () => {
    toState('active')
    expect(await startSweep(() => toState('disabled'))).toEqual([
      'start backgroundSweep',
      `end sweep/${connectionId}`,
    ])
  })
})
