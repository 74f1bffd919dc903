import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { createSyncActivities } from '../../src/activities/sync-activities.js'
import { pauseConnection, resumeConnection } from '../../src/ledger/connection/connection-life.js'
import { CONNECTION_ID } from '../sync/support/open-systems.js'
import { withWorld } from '../sync/support/world.js'

// Some of these tests produce failures.
Runtime.install({ logger: new DefaultLogger('ERROR') })

const connectionId = CONNECTION_ID
const world = withWorld()
const environment = new MockActivityEnvironment()
const asked = () => ({ interventionId: randomUUID(), connectionId, reason: 'a test', by: 'Kari' })

const pause = (mode: 'all' | 'loosening') =>
  world.now.db.transaction((tx) => pauseConnection(tx, asked(), mode))
const resume = () => world.now.db.transaction((tx) => resumeConnection(tx, asked()))

/** Reads the changes on both sides, as a worker does for a sweep, a sendout or set-up. */
const catchUp = (tier: 'sweep' | 'preSend') =>
  environment.run(createSyncActivities(world.now.systems).catchUpBoth, {
    connectionId,
    runId: randomUUID(),
    tier,
  })

describe('a paused connection', () => {
  it('is left alone by all but sendouts, and misses nothing once it is resumed', async () => {
    const [ann, bo] = [await world.now.linked(), await world.now.linked()]
    await pause('all')
    await ann.unsubscribe()
    await bo.flip('deny')
    await expect(catchUp('sweep')).rejects.toMatchObject({
      type: 'connection_paused',
      nonRetryable: true,
    })
    await catchUp('preSend')
    expect(await ann.state()).toMatchObject({ toggles: ['allow'] })
    expect(await bo.state()).toMatchObject({ basis: 'consent' })
    await resume()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ toggles: ['deny'] })
    expect(await bo.state()).toMatchObject({ basis: 'withdrawn' })
  })

  it('lets opt-outs flow where it was asked to, and what was withheld follows', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    const bo = await world.now.linked()
    await pause('loosening')
    await ann.consents('consent')
    await bo.unsubscribe()
    await catchUp('sweep')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'consent', toggles: ['deny'], due: true })
    expect(await bo.state()).toMatchObject({ toggles: ['deny'], due: false })
    await resume()
    await world.now.timePasses()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'consent', toggles: ['allow'] })
  })
})
