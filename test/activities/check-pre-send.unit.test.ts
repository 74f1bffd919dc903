import { describe, expect, it } from '@jest/globals'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { createPreSendActivities } from '../../src/activities/pre-send-activities.js'
import { UpstreamError, type UpstreamCode } from '../../src/http/index.js'
import type { Systems } from '../../src/connection/systems.js'

Runtime.install({ logger: new DefaultLogger('ERROR') })

const request = {
  accountId: '4444',
  sendoutId: 'snd_1',
  campaignId: '501',
  componentId: '9001',
  stage: 'send',
} as const

/** No connection exists, and eMarketeer answers for the account with the given failure. */
function check(code: UpstreamCode, status: number): Promise<unknown> {
  const account = () =>
    Promise.reject(
      new UpstreamError({
        code,
        system: 'emarketeer',
        status,
        upstreamCode: null,
        retryable: status >= 500,
        mayHaveBeenApplied: false,
        retryAfterSeconds: null,
        requestId: null,
        operation: 'GET /',
        message: `answered ${status}`,
      }),
    )
  const systems = {
    db: { query: () => Promise.resolve([]) },
    emarketeerOf: () => ({ account }),
  } as unknown as Systems
  const { checkPreSend } = createPreSendActivities(systems)
  return new MockActivityEnvironment().run(checkPreSend, { request })
}

describe('a pre-send of an account without connection', () => {
  it('is refused as not found where eMarketeer does not know it', async () => {
    await expect(check('upstream_not_found', 404)).rejects.toMatchObject({
      type: 'account_not_found',
      nonRetryable: true,
      details: [{ path: 'accountId', value: '4444' }],
    })
  })

  it('is retried if eMarketeer cannot answer', async () => {
    await expect(check('upstream_unavailable', 503)).rejects.toMatchObject({
      type: 'emarketeer_unreachable',
      nonRetryable: false,
    })
  })
})
