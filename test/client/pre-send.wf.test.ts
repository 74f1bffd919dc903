import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { ApplicationFailure } from '@temporalio/common'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { createCampaignClient, type CampaignClient } from '../../src/client/index.js'
import type { PreSendRequest, PreSendResult } from '../../src/contracts/pre-send.js'
import type { PreSendActivities } from '../../src/contracts/sync-activities.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { withTemporal } from '../support/with-temporal.js'
import { workflowBundle } from '../support/workflow-bundle.js'

// These tests produce refusals; the worker would print each.
Runtime.install({ logger: new DefaultLogger('ERROR') })
const temporal = withTemporal()
let client: CampaignClient
let stop: () => Promise<void>

/** Waits for its start until it is aborted; needs nothing else of the sync. */
const activities: Pick<PreSendActivities, 'checkPreSend' | 'openSendout' | 'closeSendout'> = {
  checkPreSend: async ({ request }) => {
    if (request.connectionId === 'unknown') {
      throw ApplicationFailure.create({
        type: 'connection_not_found',
        message: 'There is no connection unknown.',
        nonRetryable: true,
        details: [{ path: 'connectionId', value: 'unknown' }],
      })
    }
    const startAtMs = Date.parse(request.startAt ?? '')
    return {
      // The account had another connection before.
      connectionId: 'acme',
      accountId: request.accountId ?? (request.connectionId === 'nord' ? '2' : '1'),
      crm: 'dynamics',
      startAtMs,
      deadlineMs: startAtMs + 1_000,
    }
  },
  openSendout: async ({ sendoutRunId }) => ({ sendoutRunId, connectionId: 'acme', crm: 'none' }),
  closeSendout: async ({ aborted, problems }) =>
    ({
      outcome: aborted ? 'aborted' : 'decided',
      eligible: 0,
      targeted: 0,
      problems,
    }) as PreSendResult,
}

const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString()

let sendouts = 0
function request(changes: Partial<PreSendRequest> = {}): PreSendRequest {
  const sendoutId = `snd_${++sendouts}`
  const campaign = { campaignId: '1', componentId: '2', stage: 'send' } as const
  return { connectionId: 'acme', sendoutId, startAt: tomorrow(), ...campaign, ...changes }
}

describe('a pre-send by the client', () => {
  // Inside, so that the worker ends before its connection.
  beforeAll(async () => {
    const worker = await Worker.create({
      connection: temporal.nativeConnection,
      namespace: temporal.namespace,
      taskQueue: 'pre-send',
      workflowBundle: await workflowBundle(),
      activities,
    })
    const running = worker.run()
    stop = async () => {
      worker.shutdown()
      await running
    }
    client = createCampaignClient({
      temporal: temporal.client,
      gatewayUrl: 'http://127.0.0.1:1',
      gatewayApiKey: 'unused',
    })
  }, provisionTimeoutMs)
  afterAll(() => stop())

  it('is started so that Support finds it, and nobody is in it', async () => {
    const asked = request()
    const handle = await client.startPreSend(asked)
    const found = await temporal.client.workflow.getHandle(handle.workflowId).describe()
    expect(found).toMatchObject({
      workflowId: `pre-send/${asked.sendoutId}/send`,
      type: 'preSend',
      taskQueue: 'pre-send',
      priority: { priorityKey: 1, fairnessKey: 'acme' },
      memo: { connectionId: 'acme' },
      searchAttributes: { ConnectionId: ['acme'], Tier: ['preSend'] },
    })
    await handle.abort('Kari', 'test is over')
  })

  it('is joined while it runs, and started again once it ended', async () => {
    const asked = request()
    const [first, second] = [await client.startPreSend(asked), await client.startPreSend(asked)]
    expect(second.runId).toBe(first.runId)
    await first.abort('Kari', 'wrong campaign')
    expect(await second.result()).toMatchObject({ outcome: 'aborted' })
    const third = await client.startPreSend(asked)
    expect(third.runId).not.toBe(first.runId)
    await third.abort('Kari', 'test is over')
  })

  it("of another's sendout is not joined", async () => {
    const asked = request()
    const handle = await client.startPreSend(asked)
    const theirs = client.startPreSend({ ...asked, connectionId: 'nord' })
    await expect(theirs).rejects.toMatchObject({ code: 'sendout_of_another_account' })
    await handle.abort('Kari', 'test is over')
  })

  it.each([
    ['startAt', { startAt: null }],
    ['campaignId', { campaignId: '2' }],
    ['onUnverified', { onUnverified: 'abort' }],
    ['deadline', { deadline: '2099-01-01T00:00:00Z' }],
    [
      'contactIds',
      {
        contactIds: ['1'],
        channel: 'sms',
        categoryId: null,
        transactional: false,
        campaignId: undefined,
        componentId: undefined,
      },
    ],
  ] as const)('is not joined by who asks for another %s', async (key, change) => {
    const asked = request()
    const handle = await client.startPreSend(asked)
    const other = client.startPreSend({ ...asked, ...change } as PreSendRequest)
    await expect(other).rejects.toMatchObject({
      code: 'request_differs',
      message: expect.stringContaining(key),
    })
    await handle.abort('Kari', 'test is over')
  })

  it('is joined by who names the account in place of the connection, and after it was moved', async () => {
    const asked = request()
    const handle = await client.startPreSend(asked)
    await handle.reschedule(new Date(Date.now() + 2 * 86_400_000).toISOString())
    const byAccount = (accountId: string): PreSendRequest =>
      ({ ...asked, connectionId: undefined, accountId }) as unknown as PreSendRequest
    const joined = await client.startPreSend(byAccount('1'))
    expect(joined.runId).toBe(handle.runId)
    const theirs = client.startPreSend({ ...byAccount('2'), startAt: null })
    await expect(theirs).rejects.toMatchObject({ code: 'sendout_of_another_account' })
    await handle.abort('Kari', 'test is over')
  })

  it('is joined by who names another connection of its account, such as one of former days', async () => {
    const asked = request({ connectionId: 'former' })
    const handle = await client.startPreSend(asked)
    const joined = await client.startPreSend({ ...asked, connectionId: 'oldest' })
    expect(joined.runId).toBe(handle.runId)
    const unknown = client.startPreSend({ ...asked, connectionId: 'unknown' })
    await expect(unknown).rejects.toMatchObject({ code: 'connection_not_found' })
    const theirs = client.startPreSend({ ...asked, connectionId: 'nord' })
    await expect(theirs).rejects.toMatchObject({ code: 'sendout_of_another_account' })
    await handle.abort('Kari', 'test is over')
  })

  it.each([
    ['names its connection', request()],
    ['names its account', request({ connectionId: undefined, accountId: '1' } as never)],
  ])("that %s is neither read nor steered for another account's", async (_what, asked) => {
    const own = await client.startPreSend(asked)
    const { sendoutId } = asked
    const theirs = client.preSendOf(sendoutId, 'send', '2')
    const refused = { code: 'sendout_of_another_account', path: 'sendoutId' }
    await expect(theirs.abort('Kari', 'a mix-up')).rejects.toMatchObject(refused)
    await expect(theirs.reschedule(tomorrow())).rejects.toMatchObject(refused)
    await expect(theirs.status()).rejects.toMatchObject(refused)
    await expect(theirs.result()).rejects.toMatchObject(refused)
    const ours = client.preSendOf(sendoutId, 'send', '1')
    const startAt = new Date(Date.now() + 2 * 86_400_000).toISOString()
    expect(await ours.reschedule(startAt)).toMatchObject({ accountId: '1', startAt })
    expect(await ours.status()).toMatchObject({ accountId: '1', startAt })
    await ours.abort('Kari', 'test is over')
    expect(await own.result()).toMatchObject({ outcome: 'aborted' })
  })

  it('reports its status, and is rescheduled', async () => {
    const asked = request()
    const handle = await client.startPreSend(asked)
    const startAt = new Date(Date.now() + 2 * 86_400_000).toISOString()
    const deadline = new Date(Date.now() + 3 * 86_400_000).toISOString()
    expect(await handle.reschedule(startAt, deadline)).toMatchObject({ startAt, deadline })
    const status = await client.preSendOf(asked.sendoutId, 'send').status()
    expect(status).toMatchObject({ phase: 'waiting', startAt, deadline })
    const refused = handle.reschedule('soon')
    await expect(refused).rejects.toMatchObject({ code: 'value_invalid', name: 'AppError' })
    await handle.abort('Kari', 'test is over')
  })

  it('that is refused ends with the code, the path and the value', async () => {
    await expect(client.preSend(request({ connectionId: 'unknown' }))).rejects.toMatchObject({
      name: 'AppError',
      code: 'connection_not_found',
      path: 'connectionId',
      value: 'unknown',
    })
  })

  it('that is ended from outside counts as aborted', async () => {
    const handle = await client.startPreSend(request())
    const result = expect(handle.result()).rejects.toMatchObject({ code: 'pre_send_aborted' })
    await temporal.client.workflow.getHandle(handle.workflowId).terminate()
    await result
  })

  it('that does not exist is reported as such', async () => {
    const nobody = client.preSendOf('nothing', 'send')
    await expect(nobody.status()).rejects.toMatchObject({ code: 'run_not_found' })
    await expect(nobody.abort('Kari', 'x')).rejects.toMatchObject({ code: 'run_not_found' })
  })

  it('without Temporal fails as unreachable, retryable', async () => {
    const away = Object.assign(new Error('No connection'), { code: 14, details: '', metadata: {} })
    const start = jest.spyOn(temporal.client.workflow, 'start').mockRejectedValue(away as never)
    const failure = client.preSend(request())
    await expect(failure).rejects.toMatchObject({ code: 'temporal_unreachable' })
    start.mockRestore()
  })
})
