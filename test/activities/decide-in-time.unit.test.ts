import { describe, expect, it } from '@jest/globals'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { createPreSendActivities } from '../../src/activities/pre-send-activities.js'
import { AppError } from '../../src/contracts/app-error.js'
import type { Systems } from '../../src/connection/systems.js'

Runtime.install({ logger: new DefaultLogger('ERROR') })

const MINUTE_MS = 60_000

/** Decides a sendout while eMarketeer asks everybody to wait. */
function decide(waitMs: number, deadlineInMs: number): Promise<unknown> {
  const throttled = new AppError('emarketeer_rate_limited', 'eMarketeer asked to wait.', {
    retryAfterMs: waitMs,
  })
  const systems = {
    db: { query: () => Promise.resolve([{ deadline: new Date(Date.now() + deadlineInMs) }]) },
    session: () => Promise.reject(throttled),
  } as unknown as Systems
  const { decideMembers } = createPreSendActivities(systems)
  const input = { connectionId: 'acme', runId: 'run-1', sendoutRunId: 'run-1' }
  return new MockActivityEnvironment().run(decideMembers, input)
}

describe('the last look at a sendout that is asked to wait', () => {
  it.each([
    ['is tried again while the deadline allows', MINUTE_MS, 5 * MINUTE_MS, false],
    ['is tried again shortly after the deadline', 5_000, 0, false],
    ['ends where the wait goes on long after the deadline', MINUTE_MS, 0, true],
    ['ends long after the deadline', 0, -MINUTE_MS, true],
  ])('%s', async (_, waitMs, deadlineInMs, nonRetryable) => {
    await expect(decide(waitMs, deadlineInMs)).rejects.toMatchObject({
      type: 'emarketeer_rate_limited',
      nonRetryable,
    })
  })
})
