import { describe, expect, it } from '@jest/globals'
import { failure } from './support/fake-world.js'
import { withWorkflows } from './support/with-workflows.js'

const connectionId = 'acme-dynamics'
const words = { connectionId, reason: 'a campaign went wrong', by: 'Kari' }
const workflows = withWorkflows()
let started = 0

function start(type: 'pauseConnection' | 'resumeConnection', changes: object) {
  const { environment, taskQueue } = workflows
  return environment.client.workflow.start(type, {
    workflowId: `${type}/${++started}`,
    taskQueue,
    args: [{ ...words, ...changes }],
  })
}

describe('pauseConnection', () => {
  it('stops everything, the cron too', async () => {
    const world = workflows.world()
    const handle = await start('pauseConnection', { mode: 'all' })
    expect(await handle.result()).toEqual({ connectionId, mode: 'all', phase: 'done' })
    expect(world.names()).toEqual(['pauseConnection', 'endWork'])
    expect(world.inputs('pauseConnection')).toMatchObject([{ ...words, mode: 'all' }])
    expect(world.inputs('endWork')).toMatchObject([{ kinds: ['cron', 'runs'] }])
  })

  it('lets opt-outs flow: what was cut off goes on immediately, and the cron stays', async () => {
    const world = workflows.world()
    await (await start('pauseConnection', { mode: 'loosening' })).result()
    expect(world.names()).toEqual(['pauseConnection', 'endWork', 'startSweep', 'sweepNow'])
    expect(world.inputs('endWork')).toMatchObject([{ kinds: ['runs'] }])
  })

  it('is one pause, however often its answer is lost', async () => {
    let attempts = 0
    const world = workflows.world({
      pauseConnection: async () => {
        if (++attempts < 3) {
          throw failure('database_unreachable', { retryable: true, nextRetryDelay: 10 })
        }
      },
    })
    await (await start('pauseConnection', { mode: 'all' })).result()
    const ids = world.inputs('pauseConnection').map(({ interventionId }) => interventionId)
    expect([ids.length, new Set(ids).size]).toEqual([3, 1])
  })

  it.each([undefined, null, 'acme', [], { mode: 'all' }, { ...words, mode: 'some' }])(
    'fails immediately where it is started with %j',
    async (input) => {
      const world = workflows.world()
      const { environment, taskQueue } = workflows
      const handle = await environment.client.workflow.start('pauseConnection', {
        workflowId: `pauseConnection/bad/${++started}`,
        taskQueue,
        args: input === undefined ? [] : [input],
      })
      await expect(handle.result()).rejects.toMatchObject({
        cause: { type: expect.stringMatching(/^value_(missing|invalid)$/) },
      })
      expect(world.names()).toEqual([])
    },
  )

  it('fails where it is refused, and ends nothing', async () => {
    const world = workflows.world({
      pauseConnection: async () => {
        throw failure('connection_setting_up', { retryable: false })
      },
    })
    const handle = await start('pauseConnection', { mode: 'all' })
    await expect(handle.result()).rejects.toMatchObject({
      cause: {
        type: 'connection_setting_up',
        message: 'Failed for the test: connection_setting_up',
      },
    })
    expect(world.names()).toEqual(['pauseConnection'])
    expect(await handle.query('status')).toEqual({ connectionId, mode: 'all', phase: 'failed' })
  })
})

describe('resumeConnection', () => {
  it('makes the connection active before anything is started, then sweeps immediately', async () => {
    const world = workflows.world()
    await (await start('resumeConnection', {})).result()
    expect(world.names()).toEqual(['resumeConnection', 'endWork', 'startSweep', 'sweepNow'])
    expect(world.inputs('endWork')).toMatchObject([{ kinds: ['runs'] }])
  })

  it('needs a reason and a name', async () => {
    const world = workflows.world()
    const handle = await start('resumeConnection', { by: '' })
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'value_invalid' } })
    expect(world.names()).toEqual([])
  })
})
