import { describe, expect, it } from '@jest/globals'
import {
  dieAfter,
  installation,
  type Memory,
  removeAll,
  setUpAll,
  writesOf,
} from './support/whole-setup.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

const OPTIONS = { keyActivationReads: 0, contactChangeTracking: false }

/** Runs work with a stand-in of its own. */
async function withStandIn<T>(work: (stand: StandIn) => Promise<T>): Promise<T> {
  const stand = await startStandIn(OPTIONS)
  try {
    return await work(stand)
  } finally {
    await stand.close()
  }
}

describe('set-up that dies', () => {
  it('after any write, and is begun again, ends as one that lived', async () => {
    const { writes, whole } = await withStandIn(async (stand) => ({
      writes: await writesOf((call) => setUpAll(stand, { facts: {} }, call)),
      whole: await installation(stand),
    }))
    expect(writes.length).toBeGreaterThan(15)
    for (const write of writes) {
      await withStandIn(async (stand) => {
        const memory: Memory = { facts: {} }
        await dieAfter(stand, write, () => setUpAll(stand, memory))
        await setUpAll(stand, memory)
        expect([write, await installation(stand)]).toEqual([write, whole])
      })
    }
  }, 480_000)
})

describe('removal that dies', () => {
  it('after any write, and is begun again, leaves what was there before us', async () => {
    const writes = await withStandIn(async (stand) => {
      const before = await installation(stand)
      const memory: Memory = { facts: {} }
      await setUpAll(stand, memory)
      const found = await writesOf((call) => removeAll(stand, memory, call))
      expect(await installation(stand)).toEqual(withTracking(before))
      await removeAll(stand, memory)
      expect(Object.keys(memory.facts).filter((key) => memory.facts[key] !== null)).toEqual([
        'organization',
      ])
      return found
    })
    expect(writes.length).toBeGreaterThan(10)
    for (const write of writes) {
      await withStandIn(async (stand) => {
        const before = await installation(stand)
        const memory: Memory = { facts: {} }
        await setUpAll(stand, memory)
        await dieAfter(stand, write, () => removeAll(stand, memory))
        await removeAll(stand, memory)
        expect([write, await installation(stand)]).toEqual([write, withTracking(before)])
      })
    }
  }, 480_000)
})

/** Change tracking of contact stays on, because Dataverse does not allow switching it off. */
function withTracking(state: Record<string, unknown>): Record<string, unknown> {
  const tables = state['tables'] as Record<string, unknown>[]
  const tracked = tables.map((table) =>
    table['name'] === 'contact' ? { ...table, changeTracking: true } : table,
  )
  return { ...state, tables: tracked }
}
