import { describe, expect, it } from '@jest/globals'
import { dropCrmCursor } from '../../src/ledger/connection/cursors.js'
import { catchUpBoth } from '../../src/sync/mirror/catch-up-both.js'
import { catchUpCrm } from '../../src/sync/mirror/catch-up-crm.js'
import { expireCursor } from './support/cursors.js'
import { explaining, type Explained } from './support/explaining.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { preSend } from './support/pre-send.js'
import type { Person } from './support/person.js'
import { beforeStore, lateWrite, once } from './support/twists.js'
import { withWorld } from './support/world.js'

const world = withWorld()
const DENIED = { basis: 'withdrawn', toggles: ['deny'], due: false }

async function verdictOf(
  { contactId }: Person,
  afterProof: () => Promise<unknown>,
  categoryId: string | null = null,
) {
  const ask = { contactIds: [contactId], tolerant: true, afterProof, categoryId }
  return (await preSend(world.now, ask)).verdicts[contactId]
}

async function writtenAgain(): Promise<void> {
  await world.now.clearFaults()
  await world.now.timePasses()
}

const WAYS: Record<string, (ann: Person) => Promise<void>> = {
  deactivated: (ann) => ann.deactivated(0),
  merged: (ann) => ann.merge(1, 0),
  'given another address': (ann) => ann.edit({ emailaddress1: `to-${ann.email}` }),
  deleted: async (ann) => {
    // A deny that no pass has read is lost with a deleted record.
    await world.now.read()
    await ann.deletedInCrm(0)
  },
}

describe.each(Object.entries(WAYS))(
  'a record that is %s with a deny no pass has seen',
  (_, leave) => {
    it('stays behind where a contact of eMarketeer is back, but its state not read yet (F5)', async () => {
      const ann = await world.now.linked({ toggles: ['allow', 'allow'] })
      await ann.changesEmailInEmarketeer(`away-${ann.email}`)
      await world.now.sweep()
      await ann.flip('deny')
      await ann.changesEmailInEmarketeer(ann.email)
      await world.now.read()
      await leave(ann)
      await world.now.read()
      await world.now.sweep()
      expect(await ann.state()).toMatchObject(DENIED)
    })

    it('is not overruled by an act in eMarketeer that may be the earlier one (F5)', async () => {
      const ann = await world.now.linked({ toggles: ['allow', 'allow'] })
      await ann.consents('contract')
      await ann.flip('deny')
      await leave(ann)
      await world.now.sweep()
      expect(await ann.state()).toMatchObject(DENIED)
    })

    it('closes the gate before a pass can write anything', async () => {
      const ann = await world.now.linked({ toggles: ['allow', 'allow'] })
      await ann.flip('deny')
      await leave(ann)
      expect(await verdictOf(ann, () => world.now.refuseWrites())).toBe('consentWithdrawn')
      await writtenAgain()
      await world.now.sweep()
      expect(await ann.state()).toMatchObject(DENIED)
    })
  },
)

describe('a record that leaves while a pass writes', () => {
  it('is not forgotten by what that pass stores last', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny', 'deny'] })
    await ann.flip('allow', 'Sales Rep', 0)
    await ann.flip('allow', 'Sales Rep', 1)
    const leaves = async () => {
      await ann.flip('deny', 'Sales Rep', 0)
      await ann.deactivated(0)
      await catchUpCrm(await world.now.session('webhook'))
    }
    await world.now.pass([ann], once.beforeEmarketeerWrite(leaves))
    await world.now.sweep()
    expect(await ann.state()).toMatchObject(DENIED)
  })
})

describe('the last record of an address', () => {
  it('writes its deny to eMarketeer although nobody is left there', async () => {
    const ann = await world.now.linked()
    await ann.flip('deny')
    await ann.deactivated()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: [], due: false })
    await ann.consents('contract')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'contract', due: false })
  })
})

describe.each(['changes', 'everything'])(
  'a record that came with a deny and went, unread, by a reading of %s',
  (reading) => {
    it.each(['deactivated', 'merged'])('stays behind: %s (F5)', async (way) => {
      const ann = await world.now.linked()
      await ann.anotherRecord('deny')
      await (way === 'merged' ? ann.merge(0, 1) : ann.deactivated(1))
      if (reading === 'everything') {
        await expireCursor(world.now, 'crm')
      }
      expect(await verdictOf(ann, () => world.now.refuseWrites())).toBe('consentWithdrawn')
      await writtenAgain()
      await world.now.sweep()
      expect(await ann.state()).toMatchObject(DENIED)
    })
  },
)

describe('a No whose contact leaves before a pass', () => {
  it.each(Object.entries(WAYS))('stays at the address: %s', async (_, leave) => {
    const ann = await world.now.linked({ toggles: ['allow', 'allow'] })
    await ann.flipSubscription('c1', false)
    await leave(ann)
    expect(await verdictOf(ann, () => world.now.refuseWrites(), 'c1')).toBe(
      'unsubscribedFromCategory',
    )
    await writtenAgain()
    await world.now.sweep()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({
      basis: 'consent',
      subscriptions: { c1: false, c2: true },
      rows: ['c1:false', 'c2:true'],
    })
  })

  it.each(['changes', 'everything'])(
    'reaches eMarketeer although nobody is left there, by a reading of %s',
    async (reading) => {
      const ann = await world.now.linked()
      await ann.flipSubscription('c1', false)
      await ann.deactivated()
      if (reading === 'everything') {
        await dropCrmCursor(world.now.db, CONNECTION_ID)
      }
      await world.now.sweep()
      expect(await ann.state()).toMatchObject({ subscriptions: { c1: false, c2: true }, rows: [] })
    },
  )
})

/**
 * The state after a restore of eMarketeer, or of a connection that is created again: nothing observed before proves
 * anything.
 */
async function newEpoch(): Promise<void> {
  await world.now.db.query(`UPDATE connections SET epoch = epoch + 1`)
}

describe.each(Object.entries(WAYS))(
  'a record that is %s in a new epoch with a deny that the older one knew',
  (_, leave) => {
    it('leaves it behind: eMarketeer may have lost it, and a value there is no later act', async () => {
      const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
      // The content of a copy of eMarketeer from before the withdrawal.
      await ann.consents('contract')
      await ann.anotherRecord('allow')
      await newEpoch()
      await leave(ann)
      expect(await verdictOf(ann, () => world.now.refuseWrites())).toBe('consentWithdrawn')
      await writtenAgain()
      await world.now.sweep()
      expect(await ann.state()).toMatchObject(DENIED)
    })

    it('leaves its No behind', async () => {
      const ann = await world.now.linked()
      await ann.flipSubscription('c1', false)
      await world.now.sweep()
      await ann.subscribes('c1', true)
      await ann.anotherRecord('allow')
      await newEpoch()
      await leave(ann)
      expect(await verdictOf(ann, () => world.now.refuseWrites(), 'c1')).toBe(
        'unsubscribedFromCategory',
      )
      await writtenAgain()
      await world.now.sweep()
      await world.now.sweep()
      expect(await ann.state()).toMatchObject({
        basis: 'consent',
        subscriptions: { c1: false, c2: true },
        rows: ['c1:false', 'c2:true'],
      })
    })
  },
)

describe('a Yes of ours that is under way when its contact gets another address', () => {
  it("is not taken for a colleague's act where it lands", async () => {
    const ann = await world.now.linked()
    const there = await world.now.linked({ toggles: [] })
    await there.subscribes('c1', false)
    await ann.subscribes('c1', false)
    await world.now.sweep()
    await ann.subscribes('c1', true)
    const yes = lateWrite('crm')
    await world.now.pass([ann], yes.twist).catch(() => undefined)
    await ann.edit({ emailaddress1: there.email })
    await world.now.timePasses()
    await world.now.sweep()
    expect(await there.state()).toMatchObject({ subscriptions: { c1: false } })
    await yes.lands()
    await world.now.sweep()
    expect(await there.state()).toMatchObject({
      subscriptions: { c1: false },
      rows: ['c1:false', 'c2:true'],
    })
  })
})

describe('a Yes that is decided before its contact gets another address, and stored after it', () => {
  it("is not taken for a colleague's act where it lands", async () => {
    const ann = await world.now.linked()
    const there = await world.now.linked({ toggles: [] })
    await there.subscribes('c1', false)
    await ann.subscribes('c1', false)
    await world.now.sweep()
    await ann.subscribes('c1', true)
    const yes = lateWrite('crm')
    const moves = beforeStore(async () => {
      await ann.edit({ emailaddress1: there.email })
      await catchUpCrm(await world.now.session('webhook'))
    })
    await world.now.pass([ann], (session) => yes.twist(moves(session))).catch(() => undefined)
    await world.now.timePasses()
    await world.now.sweep()
    expect(await there.state()).toMatchObject({ subscriptions: { c1: false } })
    await yes.lands()
    await world.now.sweep()
    expect(await there.state()).toMatchObject({
      subscriptions: { c1: false },
      rows: ['c1:false', 'c2:true'],
    })
  })
})

describe('a merge into a record at another address', () => {
  it('takes along what eMarketeer withdrew there, though Dynamics did not show it yet (F5)', async () => {
    const ann = await world.now.linked()
    const master = await world.now.linked()
    await ann.unsubscribe()
    await mergeInto(master, ann)
    await world.now.sweep()
    expect(await master.state()).toMatchObject(DENIED)
  })

  it('leaves its deny at the address of the master, should that one leave before a pass', async () => {
    const ann = await world.now.linked()
    const master = await world.now.linked({ toggles: ['allow', 'allow'] })
    await ann.flip('deny')
    await mergeInto(master, ann)
    await world.now.read()
    await master.deactivated(0)
    await world.now.sweep()
    expect(await master.state()).toMatchObject(DENIED)
  })
})

describe('where the last record of an address left', () => {
  it('is looked for only where both sides had the address', async () => {
    const ann = await world.now.person()
    expect(await statementsAboutLeaving()).toEqual([])
    await world.now.sweep()
    await ann.deactivated(0)
    expect(await statementsAboutLeaving()).toHaveLength(1)
    const [{ left }] = (await world.now.db.query<{ left: number }>(
      `SELECT count(*) AS left FROM addresses WHERE address = $1 AND crm_ended_at IS NOT NULL`,
      [ann.email],
    )) as [{ left: number }]
    expect(left).toBe(1)
    await world.now.sweep()
  })
})

/** Reads both systems. @returns the statements during it that write when a record left. */
async function statementsAboutLeaving(): Promise<string[]> {
  const seen: Explained[] = []
  const session = await world.now.session()
  await catchUpBoth({ ...session, db: explaining(world.now.db, seen) })
  return seen.map(({ sql }) => sql).filter((sql) => sql.includes('SET crm_ended_at'))
}

async function mergeInto(master: Person, loser: Person): Promise<void> {
  const ids = { master: master.crmIds[0], loser: loser.crmIds[0] }
  await world.now.standIns.dynamics('POST', 'merge', { as: 'Sales Rep', ...ids, values: {} })
}
