import { describe, expect, it } from '@jest/globals'
import type { Trigger } from '../../src/contracts/names.js'
import type * as types from '../../src/workflows/index.js'
import { hang } from './support/default-activities.js'
import { failure } from './support/fake-world.js'
import type { Activities } from './support/activity-types.js'
import { withWorkflows } from './support/with-workflows.js'

const connectionId = 'acme-dynamics'
const evidence = { reason: 'A test', by: 'Kari' }
const RUN = '11111111-2222-4333-8444-555555555555'

/** The `Tier` of each type according to docs/temporal-cli.md, whoever starts it. */
const TIERS: Readonly<Record<keyof typeof types, Trigger>> = {
  connectionSetup: 'setup',
  dynamicsSetup: 'setup',
  superOfficeSetup: 'setup',
  disconnect: 'manual',
  pauseConnection: 'manual',
  resumeConnection: 'manual',
  rotateWebhooks: 'manual',
  backgroundSweep: 'sweep',
  sweepRun: 'sweep',
  contactInbox: 'webhook',
  resync: 'manual',
  forceSync: 'preSend',
  preSend: 'preSend',
}

/** An input of each type, and its first activity. */
const TYPES: Readonly<Record<keyof typeof types, readonly [object, keyof Activities]>> = {
  connectionSetup: [{ connectionId }, 'planSetup'],
  dynamicsSetup: [{ connectionId }, 'planSetup'],
  superOfficeSetup: [{ connectionId, dryRun: true }, 'planSetup'],
  disconnect: [{ connectionId, removeInstalled: false, ...evidence }, 'planDisconnect'],
  pauseConnection: [{ connectionId, mode: 'all', ...evidence }, 'pauseConnection'],
  resumeConnection: [{ connectionId, ...evidence }, 'resumeConnection'],
  rotateWebhooks: [{ connectionId, ...evidence }, 'beginWebhookRotation'],
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
const rows = Object.entries(TYPES).map(([type, [input, first]]) => ({ type, input, first }))
let runs = 0

function start(type: string, input: object) {
  const { environment, taskQueue } = workflows
  const workflowId = `${type}-${++runs}`
  return environment.client.workflow.start(type, { workflowId, taskQueue, args: [input] })
}

/** Whatever its end. */
async function foundBy(handle: Awaited<ReturnType<typeof start>>) {
  await handle.result().catch(() => undefined)
  return (await handle.describe()).searchAttributes
}

const phaseAtEnd = async (handle: Awaited<ReturnType<typeof start>>) =>
  (await foundBy(handle))['Phase']

describe('Phase at the end', () => {
  it.each(rows)(
    'is done when $type has done its work, beside its Tier',
    async ({ type, input }) => {
      workflows.world()
      expect(await foundBy(await start(type, input))).toMatchObject({
        Phase: ['done'],
        Tier: [TIERS[type as keyof typeof TIERS]],
        ConnectionId: [connectionId],
      })
    },
  )

  it.each(rows)('is failed when $type fails', async ({ type, input, first }) => {
    const error = failure('connection_not_found', { retryable: false })
    workflows.world({ [first]: () => Promise.reject(error) })
    expect(await phaseAtEnd(await start(type, input))).toEqual(['failed'])
  })

  it.each(rows)('is failed when the input of $type is refused', async ({ type }) => {
    expect(await phaseAtEnd(await start(type, { nothing: 'known' }))).toEqual(['failed'])
  })

  // Last, because the server does not skip time while an activity runs, and a cancelled workflow ends a moment later.
  it.each(rows)('is failed when $type is cancelled', async ({ type, input, first }) => {
    const world = workflows.world({ [first]: hang })
    const handle = await start(type, input)
    await world.called(first)
    await handle.cancel()
    expect(await phaseAtEnd(handle)).toEqual(['failed'])
  })
})
