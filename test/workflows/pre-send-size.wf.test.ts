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
})
