import { afterEach, describe, expect, it } from '@jest/globals'
import { setConnectionState } from '../../src/ledger/connection/connections.js'
import { approveHeld } from '../../src/sync/run/held.js'
import { shareOf } from '../../src/sync/mirror/catch-up-both.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { applyToy, withRichWorld } from './support/rich-world.js'
import { twistCrm } from './support/twists.js'

const world = withRichWorld()

describe('the newly mailable', () => {
  afterEach(() => applyToy(world.now.db, 1_000))

  it('wait for approval beyond the limit; opt-outs and changes between positive bases do not', async () => {
    const waits = await world.now.linked({ basis: 'withdrawn' })
    const other = await world.now.linked({ basis: 'contract' })
    const leaves = await world.now.linked()
    await applyToy(world.now.db, 0)
    waits.sets('consent')
    other.sets('legitimateInterest')
    leaves.sets('withdrawn')
    expect(await world.now.sweep()).toBe(1)
    expect(await waits.state()).toEqual({ e: 'withdrawn', d: ['consent'] })
    expect(await other.state()).toMatchObject({ e: 'legitimateInterest' })
    expect(await leaves.state()).toMatchObject({ e: 'withdrawn' })
    await approveHeld(world.now.db, { connectionId: CONNECTION_ID, reason: 'a test', by: 'Kari' })
    await world.now.sweep()
    expect(await waits.state()).toEqual({ e: 'consent', d: ['consent'] })
  })
})

describe('a connection that is paused with opt-outs flowing', () => {
  it('writes what tightens, leaves what loosens, and writes that when it is resumed', async () => {
    const back = await world.now.linked({ basis: 'withdrawn' })
    const leaves = await world.now.linked()
    await pause('paused', 'loosening')
    await back.acts('consent')
    await leaves.acts('withdrawn')
    await world.now.sweep()
    expect(await back.state()).toEqual({ e: 'consent', d: ['withdrawn'] })
    expect(await leaves.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    await pause('active', null)
    await world.now.timePasses()
    await world.now.sweep()
    expect(await back.state()).toEqual({ e: 'consent', d: ['consent'] })
  })
})

describe('a connection that is disabled', () => {
  it('writes nothing more, also in a pass that had begun (C8)', async () => {
    const person = await world.now.linked()
    await person.acts('contract')
    const writes = world.now.crm.requests.write
    const disabling = world.now.sweep((session) =>
      twistCrm(session, 'read', async (call) => {
        const answer = await call()
        await setConnectionState(world.now.db, CONNECTION_ID, 'disabled')
        return answer
      }),
    )
    await expect(disabling).rejects.toMatchObject({ code: 'connection_disabled' })
    expect(world.now.crm.requests.write).toBe(writes)
    expect(await person.events()).toEqual([])
    await world.now.db.query(`UPDATE connections SET state = 'active'`)
  })
})

describe('a share of the walk', () => {
  const round = { after: 0, done: 0, walkedAt: new Date(), total: 100_000 }
  const hour = 3_600_000

  it('is everything, where nothing was ever complete', () => {
    expect(shareOf({ ...round, elapsedMs: 0, walkedAt: null }, 40)).toBe(Number.MAX_SAFE_INTEGER)
  })

  it('is what time has made due, in full requests', () => {
    expect(shareOf({ ...round, elapsedMs: hour }, 40)).toBe(5_000)
    expect(shareOf({ ...round, elapsedMs: hour, done: 4_990 }, 40)).toBe(0)
    expect(shareOf({ ...round, elapsedMs: 21 * hour, done: 99_999 }, 40)).toBeGreaterThan(1)
  })
})

async function pause(state: string, mode: string | null): Promise<void> {
  await world.now.db.query(`UPDATE connections SET state = $1, pause_mode = $2`, [state, mode])
}
