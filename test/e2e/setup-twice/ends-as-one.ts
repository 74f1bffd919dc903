import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { stepsOf } from '../../../src/activities/setup/steps-of.js'
import type { CrmDriver } from '../../../src/crm/crm.js'
import { provisionTimeoutMs } from '../../support/ask-broker.js'
import { withDatabase } from '../../support/with-database.js'
import { withTemporal } from '../../support/with-temporal.js'
import type { Organisation } from '../setup-pauses/pause-place.js'
import { SetupRun } from '../setup-pauses/setup-run.js'
import { startSetupStack, type SetupStack } from '../setup-pauses/stack.js'
import { runTwice, type MakeLate, type Overlap } from './two-attempts.js'

Runtime.install({ logger: new DefaultLogger('ERROR') })

/** Longer than the second attempt of any step takes here. */
export const LATE_MS = 2_500

/** A CRM whose set-up is run with two attempts per step. */
export interface TwicePlace<Org extends Organisation> {
  readonly name: string
  readonly driver: CrmDriver
  /** Starts an organisation for one run. */
  start(): Promise<Org>
  lateIn(org: Org): MakeLate
  clearFaults(org: Org): Promise<unknown>
  /** Its state afterwards, and whether its events are accepted. */
  look(org: Org): Promise<object>
}

/** Compares the end state of set-up with two attempts per step with that of one attempt. */
export function endsAsOne<Org extends Organisation>(place: TwicePlace<Org>): void {
  const steps = stepsOf(place.driver)
    .map(({ id }) => id)
    .filter((id) => id !== 'firstSync' && id !== 'sweep')
  const database = withDatabase()
  const temporal = withTemporal()
  let made = 0

  describe(`two attempts of each step of ${place.name}’s set-up`, () => {
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

    /** Runs every step. @returns the result of each, and the state afterwards. */
    async function endState(overlap: Overlap) {
      const org = await place.start()
      const connectionId = `twice-${++made}`
      const run = new SetupRun(stack, connectionId, org)
      try {
        await run.store()
        const states: Record<string, string> = {}
        for (const stepId of steps) {
          const step = { connectionId, stepId }
          const outcome = await runTwice(stack.activities, step, overlap, place.lateIn(org))
          states[stepId] = outcome.state
          await place.clearFaults(org)
        }
        return { states, ...(await place.look(org)) }
      } finally {
        await run.close()
      }
    }
  })
}
