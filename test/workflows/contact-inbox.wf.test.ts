import { describe, expect, it } from '@jest/globals'
import { Context } from '@temporalio/activity'
import { report } from './support/default-activities.js'
import { failure } from './support/fake-world.js'
import { runsOf } from './support/workflow-runs.js'
import { withWorkflows } from './support/with-workflows.js'

/** How long an inbox stays after it has handled all. */
const STAY_MS = 30_000

describe('contactInbox', () => {
  const workflows = withWorkflows()
  let shards = 0

  /** A hint as the gateway passes it on; each belongs to another inbox. */
  function hint(shard: number) {
    const { environment, taskQueue } = workflows
    return environment.client.workflow.signalWithStart('contactInbox', {
      workflowId: `inbox/acme-dynamics/${shard}`,
      taskQueue,
      args: [{ connectionId: 'acme-dynamics', shard: 0 }],
      signal: 'changed',
      signalArgs: [],
    })
  }

  const nothingDue = async () => ({ ...report(), nextDueMs: null })

  it('acts on the first hint immediately, stays for a while, and ends', async () => {
    const times: number[] = []
    const world = workflows.world({
      drainInbox: async () => {
        times.push(await workflows.environment.currentTimeMs())
        return nothingDue()
      },
    })
    const shard = ++shards
    const handle = await hint(shard)
    await handle.result()
    const { startTime, closeTime } = await handle.describe()
    expect(world.inputs('drainInbox')).toMatchObject([
      { connectionId: 'acme-dynamics', shard: 0, tier: 'webhook', runId: expect.any(String) },
    ])
    const stayedMs = closeTime!.getTime() - startTime.getTime()
    // A busy machine adds the time of its own tasks.
    expect(times[0]! - startTime.getTime()).toBeLessThan(STAY_MS)
    expect([stayedMs >= STAY_MS, stayedMs < 2 * STAY_MS]).toEqual([true, true])
  })

  it('ends waiting, and has not failed, while the CRM refuses us; the next hint looks again', async () => {
    let refuses = true
    const world = workflows.world({
      drainInbox: async () => {
        if (refuses) {
          throw failure('crm_auth_failed', { retryable: false })
        }
        return nothingDue()
      },
    })
    const shard = ++shards
    const refused = await hint(shard)
    await refused.result()
    expect((await refused.describe()).searchAttributes['Phase']).toEqual(['waiting'])
    refuses = false
    const letIn = await hint(shard)
    await letIn.result()
    expect((await letIn.describe()).searchAttributes['Phase']).toEqual(['done'])
    expect(world.inputs('drainInbox')).toHaveLength(2)
  })

  it('looks again when a hint arrives while it works', async () => {
    let release!: () => void
    const released = new Promise<void>((resolve) => (release = resolve))
    const world = workflows.world({ drainInbox: async () => (await released, nothingDue()) })
    const shard = ++shards
    const handle = await hint(shard)
    await world.called('drainInbox')
    for (let more = 0; more < 5; more++) {
      await hint(shard)
    }
    release()
    await handle.result()
    // All hints that arrived meanwhile are in the ledger: one more look reads them.
    expect(world.inputs('drainInbox')).toHaveLength(2)
  })

  it('looks again when a hint arrives while it only stays around', async () => {
    const world = workflows.world({ drainInbox: nothingDue })
    const shard = ++shards
    const handle = await hint(shard)
    await world.called('drainInbox')
    await workflows.environment.sleep('20 seconds')
    await hint(shard)
    await world.called('drainInbox', 2)
    await workflows.environment.sleep('20 seconds')
    expect((await handle.describe()).status.name).toBe('RUNNING')
    await handle.result()
    expect(world.inputs('drainInbox')).toHaveLength(2)
  })

  it('waits for what is due later, however long ago the last hint was', async () => {
    const due = [90_000, 0, null]
    const times: number[] = []
    workflows.world({
      drainInbox: async () => {
        times.push(await workflows.environment.currentTimeMs())
        return { ...report(), nextDueMs: due[times.length - 1] ?? null }
      },
    })
    const handle = await hint(++shards)
    await handle.result()
    expect(times).toHaveLength(3)
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(90_000)
    expect(times[1]! - times[0]!).toBeLessThan(90_000 + STAY_MS)
    expect(times[2]! - times[1]!).toBeLessThan(STAY_MS)
  })

  it('starts again by the next hint after it ended', async () => {
    const world = workflows.world({ drainInbox: nothingDue })
    const shard = ++shards
    const first = await hint(shard)
    await first.result()
    const second = await hint(shard)
    await second.result()
    expect(second.signaledRunId).not.toBe(first.signaledRunId)
    expect(world.inputs('drainInbox')).toHaveLength(2)
  })

  it('continues as new when the server suggests it, and works on immediately', async () => {
    let release!: () => void
    const released = new Promise<void>((resolve) => (release = resolve))
    const world = workflows.world({
      drainInbox: async () => {
        await beating(released)
        return nothingDue()
      },
    })
    const shard = ++shards
    const handle = await hint(shard)
    await world.called('drainInbox')
    // Hints make a history long faster than work does.
    for (let sent = 0; sent < ENOUGH_HINTS; sent += 100) {
      await Promise.all(Array.from({ length: 100 }, () => handle.signal('changed')))
    }
    release()
    await handle.result()
    const { client } = workflows.environment
    const runs = await runsOf(client, handle.workflowId, handle.signaledRunId)
    expect(runs.map(({ outcome }) => outcome)).toEqual(['continuedAsNew', 'completed'])
    expect(world.inputs('drainInbox')).toHaveLength(2)
  })
})

/** From this number of events on the server suggests it. */
const ENOUGH_HINTS = 4_100

/** Waits as the real work does: with heartbeats, however long the machine takes to send the hints. */
async function beating(until: Promise<void>): Promise<void> {
  const context = Context.current()
  const beat = setInterval(() => context.heartbeat(), 1_000)
  try {
    await until
  } finally {
    clearInterval(beat)
  }
}
