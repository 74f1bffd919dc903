import { describe, expect, it } from '@jest/globals'
import { FakeSendouts } from './support/fake-sendouts.js'
import { historySize } from './support/history-size.js'
import { requestOf, startPreSend } from './support/pre-send-runs.js'
import { withWorkflows } from './support/with-workflows.js'

/** The largest size of one history, whatever the number of contacts. */
const MAX_EVENTS = 500
const MAX_BYTES = 250 * 1024

describe('a pre-send of any size', () => {
  const workflows = withWorkflows()

  it.each([
    [0, 0, 'direct'],
    [1, 1, 'direct'],
    [25_000, 1, 'direct'],
    [25_001, 2, 'direct'],
    [100_000, 4, 'direct'],
    [1_000_000, 16, 'delta'],
    [1_000_000, 16, 'direct'],
  ] as const)('of %d contacts takes %d shards, proof by %s', async (targeted, shards, proof) => {
    const sendouts = new FakeSendouts({ targeted, proof })
    workflows.world(sendouts.activities())
    const handle = await startPreSend(workflows, requestOf())
    const result = await handle.result()

    const { ranges } = sendouts
    const sorted = [...ranges].sort((a, b) => a.from - b.from)
    sorted.forEach(({ from }, index) => expect(from).toBe(sorted[index - 1]?.to ?? 0))
    expect(sorted.at(-1)?.to ?? 0).toBe(targeted)
    const most = proof === 'delta' ? 5_000 : 1_000
    expect(Math.max(0, ...ranges.map(({ from, to }) => to - from))).toBeLessThanOrEqual(most)

    // Every activity counted one: anything that parallel activities lose would be missing here.
    expect(result.updated).toEqual({ emarketeer: ranges.length, crm: ranges.length })
    expect(result.requests).toEqual({ emarketeer: ranges.length + 3, crm: ranges.length + 1 })
    expect(result).toMatchObject({ complete: true, targeted, eligible: targeted })

    const { client } = workflows.environment
    const children = Array.from({ length: shards }, (_, shard) =>
      client.workflow.getHandle(`${handle.workflowId}/${shard}`),
    )
    for (const workflow of [handle, ...children]) {
      const { events, bytes } = historySize(await workflow.fetchHistory())
      expect(events).toBeLessThanOrEqual(MAX_EVENTS)
      expect(bytes).toBeLessThanOrEqual(MAX_BYTES)
    }
    const next = client.workflow.getHandle(`${handle.workflowId}/${shards}`)
    await expect(next.describe()).rejects.toThrow('not found')
  })

  it.each([
    [0, 1, 0],
    [200, 1, 1],
    [2_500, 1, 3],
    [20_000, 4, 20],
  ])(
    'takes work by the %d of 100,000 who may have something to sync: %d shards, %d activities',
    async (open, shards, activities) => {
      const sendouts = new FakeSendouts({ targeted: 100_000, proof: 'delta', open })
      const world = workflows.world(sendouts.activities())
      const handle = await startPreSend(workflows, requestOf())
      const result = await handle.result()
      expect(result).toMatchObject({ complete: true, targeted: 100_000, eligible: 100_000 })

      const ranges = [...sendouts.ranges].sort((a, b) => a.from - b.from)
      expect(ranges).toHaveLength(activities)
      ranges.forEach(({ from }, index) => expect(from).toBe(ranges[index - 1]?.to ?? 0))
      expect(ranges.at(-1)?.to).toBe(activities === 0 ? undefined : 100_000)
      expect(world.names().filter((name) => name === 'settleRun')).toHaveLength(open === 0 ? 0 : 1)

      const { client } = workflows.environment
      const last = client.workflow.getHandle(`${handle.workflowId}/${shards - 1}`)
      expect(await last.describe()).toMatchObject({ status: { name: 'COMPLETED' } })
      const next = client.workflow.getHandle(`${handle.workflowId}/${shards}`)
      await expect(next.describe()).rejects.toThrow('not found')
    },
  )
})
