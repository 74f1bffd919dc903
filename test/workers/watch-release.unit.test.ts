import { describe, expect, it } from '@jest/globals'
import type { TemporalClient } from '../../src/config/temporal.js'
import { watchRelease, type Standing } from '../../src/workers/watch-release.js'

/** What a server tells of its builds, and what it was asked to do. */
interface Told {
  readonly current: string
  /** When workers of each build asked for work last, seconds ago. */
  readonly polls: Readonly<Record<string, number>>
}

/** A server that knows two builds, both of which have been the current one. */
function serverOf({ current, polls }: Told) {
  const chosen: string[] = []
  const versionOf = (buildId: string) => ({ deploymentName: 'lbsync', buildId })
  const workflowService = {
    describeWorkerDeployment: async () => ({
      workerDeploymentInfo: {
        routingConfig: { currentDeploymentVersion: versionOf(chosen.at(-1) ?? current) },
        versionSummaries: ['old', 'new'].map((buildId) => ({
          deploymentVersion: versionOf(buildId),
          firstActivationTime: { seconds: 1 },
        })),
      },
      conflictToken: new Uint8Array(),
    }),
    describeTaskQueue: async () => ({
      pollers: Object.entries(polls).map(([buildId, secondsAgo]) => ({
        deploymentOptions: versionOf(buildId),
        lastAccessTime: { seconds: Date.now() / 1_000 - secondsAgo },
      })),
    }),
    setWorkerDeploymentCurrentVersion: async ({ buildId }: { buildId: string }) => {
      chosen.push(buildId)
      return {}
    },
  }
  const temporal = { connection: { workflowService }, namespace: 'default' } as unknown
  return { chosen, temporal: temporal as TemporalClient }
}

/** The first standing of the build `old` that is more than arriving. */
async function standingOf(temporal: TemporalClient): Promise<Standing> {
  const end = new AbortController()
  return new Promise((resolve) => {
    const release = { temporal, buildId: 'old', bundle: { code: '' } }
    void watchRelease(release, end.signal, (standing) => {
      if (standing !== 'arriving') {
        end.abort()
        resolve(standing)
      }
    })
  })
}

describe('a build that was replaced', () => {
  it('waits while the current one is served: a poll hangs for a minute', async () => {
    const { temporal, chosen } = serverOf({ current: 'new', polls: { new: 70, old: 1 } })
    expect(await standingOf(temporal)).toBe('waiting')
    expect(chosen).toEqual([])
  })

  it('takes over once nobody has served the current one for a minute and a half', async () => {
    const { temporal, chosen } = serverOf({ current: 'new', polls: { new: 100, old: 1 } })
    expect(await standingOf(temporal)).toBe('current')
    expect(chosen).toEqual(['old'])
  })
})
