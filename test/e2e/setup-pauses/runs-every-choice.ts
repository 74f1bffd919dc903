import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { provisionTimeoutMs } from '../../support/ask-broker.js'
import { withDatabase } from '../../support/with-database.js'
import { withTemporal } from '../../support/with-temporal.js'
import { stepIn } from '../../workflows/support/setup-runs.js'
import type { ChoiceCase, Organisation, PausePlace } from './pause-place.js'
import { EVIDENCE, SetupRun, WAYS, type Way } from './setup-run.js'
import { startSetupStack, type SetupStack } from './stack.js'

Runtime.install({ logger: new DefaultLogger('ERROR') })

/** Leads set-up into each pause and out of it by each choice: one stack, and a separate organisation for each case. */
export function runsEveryChoice<Org extends Organisation>(
  places: readonly PausePlace<Org>[],
): void {
  // Outside, so that the worker ends before its connection.
  const database = withDatabase()
  const temporal = withTemporal()
  let stack: SetupStack
  let cases = 0

  describe('set-up', () => {
    beforeAll(async () => {
      stack = await startSetupStack(database.url, temporal)
    }, provisionTimeoutMs)
    afterAll(() => stack?.close())

    describe.each(places.map((place) => [`${place.code} at ${place.step}`, place] as const))(
      '%s',
      (_name, place) => {
        const choices = Object.entries(place.choices)
        it.each(choices)('%s', async (action, choice) => {
          cases += 1
          await takeChoice(place, action, choice, WAYS[cases % WAYS.length] ?? 'update')
        })
      },
    )
  })

  async function takeChoice(
    place: PausePlace<Org>,
    action: string,
    choice: ChoiceCase<Org>,
    way: Way,
  ): Promise<void> {
    const { code, step } = place
    const org = await place.start()
    const run = new SetupRun(stack, `case-${cases}`, org)
    try {
      await run.store()
      await place.make?.(org, run)
      await run.beginAgain()
      await place.lead?.(run, org)
      const before = stepIn(await run.atRest(), step)
      expect(before).toMatchObject({ state: 'paused', pause: { code } })
      // A choice without a case is as wrong as a case without a choice.
      expect(before.pause?.choices.toSorted()).toEqual(Object.keys(place.choices).sort())
      await choice.mend?.(org, run)
      await run.decide(step, action, choice.names, way)
      const status = await run.atRest()
      const waiting = status.steps.find(({ state }) => state === 'paused')
      const next = waiting ? { step: waiting.id, code: waiting.pause?.code } : status.result
      expect([next, stepIn(status, step).state]).toEqual([choice.next, choice.state])
      expect(await run.standing()).toMatchObject(choice.stands)
      expect(await run.evidence()).toMatchObject({ subject: `setup/${step}`, action, ...EVIDENCE })
    } finally {
      await run.close()
    }
  }
}
