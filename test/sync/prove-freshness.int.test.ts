import { describe, expect, it } from '@jest/globals'
import { dropCrmCursor } from '../../src/ledger/connection/cursors.js'
import { countCrmRows } from '../../src/ledger/copy/crm-mirror-rows.js'
import { proveFreshness } from '../../src/sync/sendout/prove-freshness.js'
import { explaining, type Explained } from './support/explaining.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { withWorld } from './support/world.js'

const world = withWorld()

/** Proves freshness for a run of this size. @returns the proof, and the statements that count rows of the CRM. */
async function prove(targeted: number) {
  const seen: Explained[] = []
  const session = await world.now.session('preSend')
  const run = { connectionId: CONNECTION_ID, targeted } as Parameters<typeof proveFreshness>[1]
  const { proof } = await proveFreshness({ ...session, db: explaining(world.now.db, seen) }, run)
  const isCount = (sql: string) => sql.includes('count(') && sql.includes('crm_contacts')
  return { proof, counts: seen.map(({ sql }) => sql).filter(isCount) }
}

describe('the proof of a sendout', () => {
  it('counts nothing while the CRM has a cursor, however many people there are', async () => {
    await world.now.linked()
    expect(await prove(1)).toEqual({ proof: 'delta', counts: [] })
  })

  it('counts no more of the CRM than could change its choice once the cursor is lost', async () => {
    await world.now.linked()
    await world.now.linked()
    await dropCrmCursor(world.now.db, CONNECTION_ID)
    // One direct reading takes two requests, and so does a listing of nobody. A single row decides.
    const { proof, counts } = await prove(1)
    expect(proof).toBe('direct')
    expect(counts).toHaveLength(1)
    expect(await countCrmRows(world.now.db, CONNECTION_ID, 1)).toBe(1)
    expect(await countCrmRows(world.now.db, CONNECTION_ID, 1_000)).toBeGreaterThanOrEqual(2)
  })
})
