import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { stepsOf } from '../../../src/activities/setup/steps-of.js'
import { superOfficeOnlineDriver } from '../../../src/crm/superoffice/driver.js'
import type { CrmDriver } from '../../../src/crm/crm.js'
import { provisionTimeoutMs } from '../../support/ask-broker.js'
import { withDatabase } from '../../support/with-database.js'
import { withTemporal } from '../../support/with-temporal.js'
import { SetupRun } from '../setup-pauses/setup-run.js'
import { startSetupStack, type SetupStack } from '../setup-pauses/stack.js'
import {
  startInstallation,
  type SuperOfficeOrganisation,
} from '../setup-pauses/superoffice-organisation.js'
import { runTwice, type MakeLate, type Overlap } from './two-attempts.js'

Runtime.install({ logger: new DefaultLogger('ERROR') })

/** Longer than the second attempt of any step would take here. */
const LATE_MS = 2_500
const STEPS = stepsOf(superOfficeOnlineDriver as CrmDriver)
  .map(({ id }) => id)
  .filter((id) => id !== 'firstSync' && id !== 'sweep')

const database = withDatabase()
const temporal = withTemporal()
let made = 0

describe('two attempts of each step of SuperOffice’s set-up', () => {
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

  /** Runs every step, and tells what stands in an installation of its own then, and whether it is heard. */
  async function endState(overlap: Overlap) {
    const org = await startInstallation({}, { measured: true })
    const connectionId = `twice-${++made}`
    const run = new SetupRun(stack, connectionId, org)
    try {
      await run.store()
      const states: Record<string, string> = {}
      for (const stepId of STEPS) {
        const step = { connectionId, stepId }
        const outcome = await runTwice(stack.activities, step, overlap, lateIn(org))
        states[stepId] = outcome.state
        await org.control.clearFaults()
      }
      const { consents } = await org.control.get<{ consents: object }>(`persons/${org.personId}`)
      const sources = await org.control.get<readonly { key: string }[]>('lists/ConsentSource')
      return {
        states,
        standing: await org.standing(),
        bases: Object.entries(consents).map(([purpose, row]) => [purpose, valueOf(row)]),
        sources: sources.map(({ key }) => key),
        heard: await isHeard(org),
      }
    } finally {
      await run.close()
    }
  }
})

/** What was put back after measuring: the basis and what else the rep wrote. */
function valueOf(row: unknown): unknown {
  const { legalBase, comment } = row as { legalBase: unknown; comment: unknown }
  return [legalBase, comment]
}

function lateIn({ control }: SuperOfficeOrganisation): MakeLate {
  return async (skip) => {
    const writes = { path: '/(Person|List|Webhook)', method: 'PUT|POST|PATCH', skip, times: 1 }
    await control.post('faults', { ...writes, delayMs: LATE_MS })
    return async () => JSON.stringify(await control.get('faults')).includes('"hits":1')
  }
}

/** A colleague changes a consent: whether what SuperOffice posts is taken, and how often it posts. */
async function isHeard({ control, personId }: SuperOfficeOrganisation): Promise<unknown> {
  const before = await control.get<Record<string, unknown>>('webhooks')
  await control.post(`persons/${personId}/consent`, {
    purpose: 'EMARKETING',
    legalBase: 'WITHDRAWN',
    associateId: 12,
  })
  await control.post('webhooks/drain')
  const after = await control.get<Record<string, unknown>>('webhooks')
  const counts = Object.keys(after).filter((name) => typeof after[name] === 'number')
  return counts.map((name) => [name, Number(after[name]) - Number(before[name])])
}
