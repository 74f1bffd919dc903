import { describe, expect, it } from '@jest/globals'
import type * as types from '../../src/workflows/index.js'
import { hang } from './support/default-activities.js'
import { failure, type Activities } from './support/fake-world.js'
import { withWorkflows } from './support/with-workflows.js'

const connectionId = 'acme-dynamics'
const evidence = { reason: 'A test', by: 'Kari' }
const RUN = '11111111-2222-4333-8444-555555555555'

/** An input of each type, and the first activity that it asks for. */
const TYPES: Readonly<Record<keyof typeof types, readonly [object, keyof Activities]>> = {
  dynamicsSetup: [{ connectionId }, 'planSetup'],
  superOfficeSetup: [{ connectionId, dryRun: true }, 'planSetup'],
  disconnect: [{ connectionId, removeInstalled: false, ...evidence }, 'planDisconnect'],
  pauseConnection: [{ connectionId, mode: 'all', ...evidence }, 'pauseConnection'],
  resumeConnection: [{ connectionId, ...evidence }, 'resumeConnection'],
  backgroundSweep: [{ connectionId }, 'catchUpBoth'],
  sweepRun: [{ connectionId }, 'catchUpBoth'],
  contactInbox: [{ connectionId, shard: 0 }, 'drainInbox'],
  resync: [{ connectionId }, 'markForResync'],
  forceSync: [
    {
      connectionId,
      sendoutRunId: RUN,
      runId: RUN,
      crm: 'dynamics',
      proof: 'direct',
      from: 0,
      to: 10,
    },
    'syncMembers',
  ],
  preSend: [
    {
      connectionId,
      sendoutId: 'snd_1',
      stage: 'send',
      contactIds: ['1'],
      channel: 'email',
      categoryId: null,
      transactional: false,
    },
    'checkPreSend',
  ],
}

const workflows = withWorkflows()

describe.each(Object.entries(TYPES))('Phase of %s', (type, [input, firstActivity]) => {
  let runs = 0

  async function start() {
    const { environment, taskQueue } = workflows
    const workflowId = `${type}-${++runs}`
    return environment.client.workflow.start(type, { workflowId, taskQueue, args: [input] })
  }

  /** However it ended. */
  async function phaseAtEnd(handle: Awaited<ReturnType<typeof start>>) {
    await handle.result().catch(() => undefined)
    return (await handle.describe()).searchAttributes['Phase']
  }

  it('is done when it has done its work', async () => {
    workflows.world()
    expect(await phaseAtEnd(await start())).toEqual(['done'])
  })

  it('is failed when it fails', async () => {
    const code = 'connection_not_found'
    workflows.world({
      [firstActivity]: () => Promise.reject(failure(code, { retryable: false })),
    })
    expect(await phaseAtEnd(await start())).toEqual(['failed'])
  })

  it('is failed when it is cancelled', async () => {
    const world = workflows.world({ [firstActivity]: hang })
    const handle = await start()
    await world.called(firstActivity)
    await handle.cancel()
    expect(await phaseAtEnd(handle)).toEqual(['failed'])
  })

  it('is failed when its input is refused', async () => {
    const { environment, taskQueue } = workflows
    const workflowId = `${type}-refused`
    const handle = await environment.client.workflow.start(type, {
      workflowId,
      taskQueue,
      args: [{ nothing: 'known' }],
    })
    expect(await phaseAtEnd(handle)).toEqual(['failed'])
  })
})
