import { describe, expect, it, jest } from '@jest/globals'
import { wakeSetUp } from '../../src/app/connection/apply-connection.js'
import type { Output } from '../../src/cli/output.js'
import type { StartedRun } from '../../src/client/start-or-join.js'
import { workflowIds } from '../../src/contracts/names.js'
import { FakeWorld } from '../workflows/support/fake-world.js'
import { pausedWith, statusOf, untilStatus } from '../workflows/support/setup-runs.js'
import { uncertainForm, withSetups } from './setup-fakes.js'

jest.setTimeout(480_000)
const setups = withSetups()
let made = 0

/** A set-up that waits for a corrected secret. */
async function waiting() {
  const id = `woken-${++made}`
  let mended = false
  setups.world = new FakeWorld({
    ...uncertainForm(),
    runSetupStep: async ({ stepId }) =>
      stepId === 'form' && !mended
        ? pausedWith('authFailed', ['retry', 'abort'])
        : { state: 'done', note: null },
  })
  await setups.paused(id)
  mended = true
  const workflowId = workflowIds.setup(id)
  const handle = setups.temporal.client.workflow.getHandle(workflowId)
  const notes: string[] = []
  const output = { note: (text: string) => void notes.push(text) } as unknown as Output
  const run: StartedRun = { handle, workflowId, runId: 'any', joined: true }
  return { handle, notes, wake: () => wakeSetUp(run, 'Kari', output) }
}

describe('a file that is applied while its set-up waits', () => {
  it('has the step tried again, and says so', async () => {
    const { handle, notes, wake } = await waiting()
    await wake()
    expect(await handle.result()).toMatchObject({ result: 'done' })
    expect(notes).toEqual([expect.stringContaining('The step form was waiting')])
    expect(setups.world.inputs('keepSetupDecision')).toMatchObject([
      { step: 'form', action: 'retry', reason: 'applied the connection file again', by: 'Kari' },
    ])
  })

  it('leaves a set-up alone that Support holds back', async () => {
    const { handle, notes, wake } = await waiting()
    await handle.signal('pause', { reason: 'not today', by: 'kim' })
    await untilStatus(handle, ({ heldBy }) => heldBy !== null)
    const before = await statusOf(handle)
    await wake()
    expect(await statusOf(handle)).toEqual(before)
    expect(notes).toEqual([])
    await handle.terminate()
  })
})
