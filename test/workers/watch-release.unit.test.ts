import { describe, expect, it } from '@jest/globals'
import proto from '@temporalio/proto'
import type { TemporalClient } from '../../src/config/temporal/temporal.js'
import { QUEUES, type QueueName } from '../../src/contracts/names.js'
import { readDeployment } from '../../src/workers/deployment.js'
import { watchRelease, type ReleaseState, useRelease } from '../../src/workers/watch-release.js'

/** When workers of a build last polled, in seconds ago; of each queue, or of all. */
type Polls = number | Partial<Record<QueueName, number>>

/** A server's answer on its builds. */
interface Told {
  readonly current: string
  readonly polls: Readonly<Record<string, Polls>>
  /** In seconds; default: they were first seen in their order. */
  readonly firstSeen?: Readonly<Record<string, number>>
  /** Builds that were never the current one. */
  readonly neverCurrent?: readonly string[]
  /** The server lets nobody change the current build. */
  readonly denies?: boolean
  /** This many seconds ago the current build was set, and the server still reports that not every queue knows it. */
  readonly changingFor?: number
}

const IN_PROGRESS =
  proto.temporal.api.enums.v1.RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS

/** A server that knows the builds `old` and `new`, and the calls to it. */
function serverOf(told: Told) {
  const { current, polls, neverCurrent = [], denies = false, firstSeen, changingFor } = told
  const chosen: string[] = []
  const versionOf = (buildId: string) => ({ deploymentName: 'lbsync', buildId })
  const ids = Object.keys(firstSeen ?? { old: 1, new: 2 })
  const workflowService = {
    describeWorkerDeployment: async () => ({
      workerDeploymentInfo: {
        routingConfig: {
          currentDeploymentVersion: versionOf(chosen.at(-1) ?? current),
          currentVersionChangedTime: { seconds: Date.now() / 1_000 - (changingFor ?? 0) },
        },
        ...(changingFor === undefined ? {} : { routingConfigUpdateState: IN_PROGRESS }),
        versionSummaries: ids.map((buildId, n) => ({
          deploymentVersion: versionOf(buildId),
          createTime: { seconds: firstSeen?.[buildId] ?? n + 1, nanos: 0 },
          ...(neverCurrent.includes(buildId) ? {} : { firstActivationTime: { seconds: 1 } }),
        })),
      },
      conflictToken: new Uint8Array(),
    }),
    describeTaskQueue: async ({ taskQueue }: { taskQueue: { name: QueueName } }) => ({
      pollers: Object.entries(polls).flatMap(([buildId, of]) => {
        const secondsAgo = typeof of === 'number' ? of : of[taskQueue.name]
        const lastAccessTime = { seconds: Date.now() / 1_000 - (secondsAgo ?? 0) }
        return secondsAgo === undefined
          ? []
          : [{ deploymentOptions: versionOf(buildId), lastAccessTime }]
      }),
    }),
    setWorkerDeploymentCurrentVersion: async ({ buildId }: { buildId: string }) => {
      if (denies) {
        throw Object.assign(new Error('Request unauthorized.'), { code: 7 })
      }
      chosen.push(buildId)
      return {}
    },
  }
  const client = { workflow: { async *list() {} } }
  const temporal = { client, connection: { workflowService }, namespace: 'default' } as unknown
  return { chosen, temporal: temporal as TemporalClient }
}

/** The first release state of a build after `arriving`. */
async function releaseStateOf(temporal: TemporalClient, buildId = 'old'): Promise<ReleaseState> {
  const end = new AbortController()
  return new Promise((resolve) => {
    const release = { temporal, buildId, bundle: { code: '' } }
    void watchRelease(release, end.signal, (releaseState) => {
      if (releaseState !== 'arriving') {
        end.abort()
        resolve(releaseState)
      }
    })
  })
}

describe('a build that was replaced', () => {
  it('waits while the current one is served: a poll hangs for a minute', async () => {
    const { temporal, chosen } = serverOf({ current: 'new', polls: { new: 70, old: 1 } })
    expect(await releaseStateOf(temporal)).toBe('waiting')
    expect(chosen).toEqual([])
  })

  it('takes over once nobody has served the current one for a minute and a half', async () => {
    const { temporal, chosen } = serverOf({ current: 'new', polls: { new: 100, old: 1 } })
    expect(await releaseStateOf(temporal)).toBe('current')
    expect(chosen).toEqual(['old'])
  })
})

describe('workers split by queues', () => {
  const { preSend, webhook, setup, sweep } = QUEUES

  it('are judged by each: one that nobody serves any more lets another build take over', async () => {
    const served = { [setup]: 1, [sweep]: 1, [webhook]: 1, [preSend]: 100 }
    const { temporal, chosen } = serverOf({ current: 'new', polls: { new: served, old: 1 } })
    expect(await releaseStateOf(temporal)).toBe('current')
    expect(chosen).toEqual(['old'])
  })

  it('do not take over from a build that serves what they do not', async () => {
    const polls = { new: { [setup]: 1, [sweep]: 1 }, old: { [webhook]: 1, [preSend]: 1 } }
    const { temporal, chosen } = serverOf({ current: 'new', polls })
    expect(await releaseStateOf(temporal)).toBe('waiting')
    expect(chosen).toEqual([])
  })

  it('are not given the work by an operator before all are there, and the error names the missing ones', async () => {
    const polls = { new: 1, old: { [setup]: 1, [sweep]: 1, [webhook]: 1, [preSend]: 100 } }
    const { temporal, chosen } = serverOf({ current: 'new', polls })
    const used = useRelease({ temporal, buildId: 'old', bundle: { code: '' } }, true)
    await expect(used).rejects.toMatchObject({
      code: 'worker_unreachable',
      message: 'Build old does not serve pre-send, which the current build serves.',
    })
    expect(chosen).toEqual([])
  })
})

describe('a build that has never been the current one', () => {
  it('waits where it is the older one, though what was in its way has ended', async () => {
    const { temporal, chosen } = serverOf({
      current: 'new',
      polls: { new: 1, old: 1 },
      neverCurrent: ['old'],
    })
    expect(await releaseStateOf(temporal)).toBe('waiting')
    expect(chosen).toEqual([])
  })

  it('waits where its version is lower, though the server has seen it later', async () => {
    const [older, newer] = ['0.9.1-aaaaaaaaaaaa', '0.10.0-bbbbbbbbbbbb']
    const { temporal, chosen } = serverOf({
      current: newer,
      polls: { [newer]: 1, [older]: 1 },
      firstSeen: { [newer]: 1, [older]: 2 },
      neverCurrent: [older],
    })
    expect(await releaseStateOf(temporal, older)).toBe('waiting')
    expect(chosen).toEqual([])
  })
})

describe('a server that does not let us say which build is the current one', () => {
  it('is reported as such, with what is waited for', async () => {
    const { temporal } = serverOf({ current: '', polls: { new: 1 }, denies: true })
    expect(await releaseStateOf(temporal, 'new')).toBe('denied')
  })
})

describe('a server that says for ever that not every queue knows the current build', () => {
  it('is not waited for without end', async () => {
    const { temporal } = serverOf({ current: 'new', polls: { new: 1 }, changingFor: 70 })
    expect(await releaseStateOf(temporal, 'new')).toBe('current')
  })

  it('is believed for a minute', async () => {
    const { temporal } = serverOf({ current: 'new', polls: { new: 1 }, changingFor: 5 })
    expect((await readDeployment(temporal))?.settled).toBe(false)
  })
})
