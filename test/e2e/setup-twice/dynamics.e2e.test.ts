import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { stepsOf } from '../../../src/activities/setup/steps-of.js'
import { dynamicsDriver } from '../../../src/crm/dynamics/driver.js'
import { provisionTimeoutMs } from '../../support/ask-broker.js'
import { withDatabase } from '../../support/with-database.js'
import { withTemporal } from '../../support/with-temporal.js'
import {
  startOrganisation,
  type DynamicsOrganisation,
} from '../setup-pauses/dynamics-organisation.js'
import { SetupRun } from '../setup-pauses/setup-run.js'
import { startSetupStack, type SetupStack } from '../setup-pauses/stack.js'
import { runTwice, type MakeLate, type Overlap } from './two-attempts.js'

Runtime.install({ logger: new DefaultLogger('ERROR') })

/** Longer than the second attempt of any step takes here. */
const LATE_MS = 2_500
const STEPS = stepsOf(dynamicsDriver)
  .map(({ id }) => id)
  .filter((id) => id !== 'firstSync' && id !== 'sweep')

const database = withDatabase()
const temporal = withTemporal()
let made = 0

describe('two attempts of each step of Dynamics’ set-up', () => {
  let stack: SetupStack
  let ofOne: unknown

  beforeAll(async () => {
    stack = await startSetupStack(database.url, temporal)
    ofOne = await endState('one')
  }, provisionTimeoutMs)
  afterAll(() => stack?.close())

  it.each<[string, Overlap]>([
    ['at the same moment', 'together'],
    ['the first one’s first write carried out after the second', { lateWrite: 0 }],
    ['the first one’s second write carried out after the second', { lateWrite: 1 }],
  ])(
    'end as one: %s',
    async (_what, overlap) => {
      expect(await endState(overlap)).toEqual(ofOne)
    },
    120_000,
  )

  /** Runs every step, and tells what stands in an organisation of its own then, and whether it is heard. */
  async function endState(overlap: Overlap) {
    const org = await startOrganisation()
    const connectionId = `twice-${++made}`
    const run = new SetupRun(stack, connectionId, org)
    try {
      await run.store()
      const states: Record<string, string> = {}
      for (const stepId of STEPS) {
        const outcome = await runTwice(
          stack.activities,
          { connectionId, stepId },
          overlap,
          lateIn(org),
        )
        states[stepId] = outcome.state
        await org.control('DELETE', 'faults')
      }
      return { states, heard: await isHeard(org), installation: await installed(org) }
    } finally {
      await run.close()
    }
  }

  async function installed(org: DynamicsOrganisation): Promise<unknown> {
    const text = JSON.stringify(await org.control('GET', 'installation'))
    return JSON.parse(
      text.replaceAll(/(hooks\/crm\/)[\w-]+/g, '$1…').replaceAll(/\(twice-\d+\)/g, '(…)'),
    )
  }
})

function lateIn(org: DynamicsOrganisation): MakeLate {
  return async (skip) => {
    const writes = { method: 'POST|PATCH|PUT', path: '^/api/data', skip, times: 1 }
    await org.control('POST', 'faults', { ...writes, delayMs: LATE_MS })
    return async () => JSON.stringify(await org.control('GET', 'faults')).includes('"hits":1')
  }
}

/** A rep changes a contact: whether what Dynamics posts is taken. */
async function isHeard(org: DynamicsOrganisation): Promise<unknown> {
  const { rows } = await org.control<{ rows: { id: string }[] }>('GET', 'rows/contact')
  await org.control('PATCH', `rows/contact/${rows[0]?.id}`, { values: { donotbulkemail: true } })
  await org.control('POST', 'webhooks/drain')
  const { succeeded, failed } = await org.control<{ succeeded: number; failed: number }>(
    'GET',
    'webhooks',
  )
  return { succeeded, failed }
}
