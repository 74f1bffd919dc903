import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { MockActivityEnvironment } from '@temporalio/testing'
import { onConnection } from '../../src/activities/perform.js'
import { connectionCounts } from '../../src/ledger/copy/connection-counts.js'
import { findConnection } from '../../src/ledger/connection/connections.js'
import { resetBreaker } from '../../src/ledger/connection/breakers.js'
import { catchUpBoth } from '../../src/sync/mirror/catch-up-both.js'
import { CONNECTION_ID, openSystems } from './support/open-systems.js'
import type { Person } from './support/person.js'
import { dynamicsRows } from './support/person-state.js'
import { preSend } from './support/pre-send.js'
import { withWorld, World } from './support/world.js'

const world = withWorld()

const PROOFS = ['delta', 'direct'] as const

/** Work of a process that has just started: it checks the columns' permissions again. */
async function inNewProcess<T>(work: (world: World) => Promise<T>): Promise<T> {
  const { standIns, db, databases } = world.now
  const systems = openSystems(db, standIns)
  try {
    return await work(new World(standIns, db, systems, databases))
  } finally {
    systems.close()
  }
}

function secure(column: string, more: Record<string, unknown> = {}): Promise<unknown> {
  return world.now.dynamicsSwitch({ secureColumn: { table: 'contact', column, ...more } })
}

function lift(column: string): Promise<unknown> {
  return secure(column, { secured: false })
}

async function toggleOf(person: Person): Promise<unknown> {
  const row = await world.now.standIns.dynamics<Record<string, unknown>>(
    'GET',
    `rows/contact/${person.crmIds[0]}`,
  )
  return row['donotbulkemail']
}

describe('a toggle that is null, as imported rows have it (B8)', () => {
  it('takes the withdrawal from eMarketeer like any other', async () => {
    const ann = await world.now.person()
    await ann.edit({ donotbulkemail: null })
    await world.now.sweep()
    await ann.unsubscribe()
    await world.now.sweep()
    expect(await toggleOf(ann)).toBe(true)
  })

  it.each(PROOFS)('is mailed on the basis in eMarketeer, proven by %s', async (proof) => {
    const ann = await world.now.person()
    await ann.edit({ donotbulkemail: null })
    await world.now.sweep()
    const { result, list } = await preSend(world.now, { contactIds: [ann.contactId], proof })
    expect(result).toMatchObject({ complete: true, eligible: 1 })
    expect(list).toHaveLength(1)
  })
})

describe('a column that was secured after set-up (B8)', () => {
  const CASES = ['emailaddress1', 'donotbulkemail'].flatMap((column) =>
    (['absent', 'null'] as const).flatMap((hiddenAs) =>
      PROOFS.map((proof) => [column, hiddenAs, proof] as const),
    ),
  )

  it.each(CASES)(
    '%s, shown as %s: nobody is mailed, proven by %s',
    async (column, hiddenAs, proof) => {
      const [ann, bo] = [await world.now.linked(), await world.now.person()]
      await ann.flip('deny')
      await secure(column, { hiddenAs })
      const contactIds = [ann.contactId, bo.contactId]
      const sent = await inNewProcess((fresh) =>
        preSend(fresh, { contactIds, proof, tolerant: true }),
      )
      expect(sent.result).toMatchObject({ complete: false, eligible: 0 })
      expect(sent.result.excluded.notVerified).toBe(2)
      await expect(inNewProcess((fresh) => fresh.sweep())).rejects.toMatchObject({
        code: 'crm_privilege_missing',
        message: expect.stringContaining(`contact.${column} (read)`),
      })
      await lift(column)
      await world.now.sweep()
    },
  )

  it('is reported by the connection, which is left alone for a while', async () => {
    await world.now.linked()
    await secure('donotbulkemail')
    await inNewProcess(async (fresh) => {
      const run = { connectionId: CONNECTION_ID, runId: randomUUID(), tier: 'sweep' } as const
      const sweep = () =>
        new MockActivityEnvironment().run(() => onConnection(fresh.systems, run, catchUpBoth))
      await expect(sweep()).rejects.toMatchObject({ type: 'crm_privilege_missing' })
      const { db } = world.now
      const connection = (await findConnection(db, CONNECTION_ID))!
      expect(connection.crmBlockedCode).toBe('crm_privilege_missing')
      expect(connection.crmBlockedReason).toContain('contact.donotbulkemail (read)')
      await expect(sweep()).rejects.toMatchObject({ type: 'crm_privilege_missing' })
      await resetBreaker(db, CONNECTION_ID, 'crm')
    })
    await lift('donotbulkemail')
  })

  it.each(['sweep', 'direct'] as const)(
    'shows null to a process that still takes it for open: read again once it is open, met by %s',
    async (met) => {
      const [ann, bo] = [await world.now.linked(), await world.now.linked()]
      await inNewProcess(async (unaware) => {
        await unaware.sweep()
        await secure('donotbulkemail', { hiddenAs: 'null' })
        await ann.flip('deny')
        await unaware.sweep()
      })
      const meet = (fresh: World): Promise<unknown> =>
        met === 'sweep' ? fresh.sweep() : fresh.pass([bo])
      await expect(inNewProcess(meet)).rejects.toMatchObject({ code: 'crm_privilege_missing' })
      await lift('donotbulkemail')
      await world.now.sweep()
      expect((await ann.state()).basis).toBe('withdrawn')
      const { result, verdicts } = await preSend(world.now, { contactIds: [ann.contactId] })
      expect(verdicts[ann.contactId]).toBe('consentWithdrawn')
      expect(result.complete).toBe(true)
    },
  )

  it('is asked about before everything is listed, whatever was known', async () => {
    const ann = await world.now.linked()
    await inNewProcess(async (unaware) => {
      await unaware.sweep()
      await secure('donotbulkemail', { hiddenAs: 'null' })
      await ann.flip('deny')
      await expect(inNewProcess((fresh) => fresh.sweep())).rejects.toThrow()
      await expect(unaware.sweep()).rejects.toMatchObject({ code: 'crm_privilege_missing' })
    })
    await lift('donotbulkemail')
    await world.now.sweep()
    expect((await ann.state()).basis).toBe('withdrawn')
  })

  it('and masked is as unreadable', async () => {
    await world.now.linked()
    await secure('emailaddress1', { read: true, mask: '****' })
    await expect(inNewProcess((fresh) => fresh.sweep())).rejects.toMatchObject({
      code: 'crm_privilege_missing',
      message: expect.stringContaining('contact.emailaddress1 (masked)'),
    })
    await lift('emailaddress1')
  })

  it.each(['emailaddress1', 'donotbulkemail'])(
    'whose rows lack %s, where definitions are not readable: unknown, counted, and back again',
    async (column) => {
      const ann = await world.now.linked()
      await secure(column)
      await world.now.dynamicsFault({ path: 'IsSecured', status: 403, body: {} })
      await ann.edit({ firstname: 'Ann' })
      await inNewProcess(async (fresh) => {
        await fresh.sweep()
        const { unreadable } = await connectionCounts(world.now.db, CONNECTION_ID)
        expect(unreadable).toBe(1)
        for (const proof of PROOFS) {
          const ask = { contactIds: [ann.contactId], proof, tolerant: true } as const
          const { result, verdicts } = await preSend(fresh, ask)
          expect(verdicts[ann.contactId]).toBe('notVerified')
          expect(result).toMatchObject({ complete: false, eligible: 0 })
        }
      })
      await lift(column)
      await world.now.clearFaults()
      await ann.edit({ firstname: 'Anna' })
      await world.now.sweep()
      expect((await connectionCounts(world.now.db, CONNECTION_ID)).unreadable).toBe(0)
      const { result } = await preSend(world.now, { contactIds: [ann.contactId] })
      expect(result).toMatchObject({ complete: true, eligible: 1 })
    },
  )
})

describe('a row that is first met without an address, where definitions are not readable (B8)', () => {
  /** Rows are returned without the column until `work` is done. */
  async function without(column: string, work: (fresh: World) => Promise<void>): Promise<void> {
    await secure(column)
    await world.now.dynamicsFault({ path: 'IsSecured', status: 403, body: {} })
    try {
      await inNewProcess(work)
    } finally {
      await lift(column)
      await world.now.clearFaults()
    }
  }

  it.each(['emailaddress2', 'emailaddress3'])(
    '%s: unknown at each known address',
    async (column) => {
      const other = column === 'emailaddress2' ? 'emailaddress3' : 'emailaddress2'
      const also = await world.now.person({ toggles: [] })
      let ann: Person
      await without(column, async (fresh) => {
        ann = await fresh.person({ toggles: ['deny'] })
        await ann.edit({ [other]: also.email })
        for (const proof of PROOFS) {
          const ask = {
            contactIds: [ann.contactId, also.contactId],
            proof,
            tolerant: true,
          } as const
          const { result, verdicts } = await preSend(fresh, ask)
          expect(verdicts).toEqual({
            [ann.contactId]: 'notVerified',
            [also.contactId]: 'notVerified',
          })
          expect(result).toMatchObject({ complete: false, eligible: 0 })
        }
      })
      await ann!.edit({ firstname: 'Ann' })
      const ask = { contactIds: [ann!.contactId, also.contactId], proof: 'delta' } as const
      const { result, verdicts } = await preSend(world.now, ask)
      expect(Object.values(verdicts)).toEqual(['consentWithdrawn', 'consentWithdrawn'])
      expect(result.complete).toBe(true)
    },
  )

  it('emailaddress1: no sendout is complete, as it may be anybody', async () => {
    const bo = await world.now.linked()
    const also = await world.now.person({ toggles: [] })
    let ann: Person
    await without('emailaddress1', async (fresh) => {
      ann = await fresh.person({ toggles: ['deny'] })
      await ann.edit({ emailaddress2: also.email })
      await fresh.sweep()
      const ask = { contactIds: [bo.contactId, also.contactId], proof: 'delta' } as const
      const { result, verdicts } = await preSend(fresh, ask)
      expect(verdicts).toEqual({ [bo.contactId]: 'eligible', [also.contactId]: 'notVerified' })
      expect(result).toMatchObject({ complete: false, problems: ['crm_privilege_missing'] })
      const onlyBo = { contactIds: [bo.contactId], proof: 'delta' } as const
      expect((await preSend(fresh, onlyBo)).result).toMatchObject({ complete: false, eligible: 1 })
      const abort = await preSend(fresh, { ...onlyBo, onUnverified: 'abort' })
      expect(abort.result).toMatchObject({ outcome: 'aborted', eligible: 0 })
      const needsNoConsent = await preSend(fresh, { ...onlyBo, transactional: true })
      expect(needsNoConsent.result).toMatchObject({ complete: true, eligible: 1 })
    })
    await ann!.edit({ firstname: 'Ann' })
    const { result } = await preSend(world.now, { contactIds: [bo.contactId], proof: 'delta' })
    expect(result).toMatchObject({ complete: true, eligible: 1 })
  })
})

describe('a record that cannot be read beside others at its address', () => {
  /** The state in which the CRM shows us only the other record's column. */
  async function unreadable(person: Person, record = 0): Promise<void> {
    await world.now.db.query(
      `UPDATE crm_contacts SET consents = jsonb_set(consents, '{marketingSendouts,value}', 'null')
        WHERE crm_contact_id = $1`,
      [person.crmIds[record]],
    )
  }

  async function readable(person: Person, record = 0): Promise<void> {
    await person.edit({ jobtitle: 'Director' }, record)
    await world.now.sweep()
  }

  it("lets another one's deny cross, and stays closed at the gate", async () => {
    const ann = await world.now.linked({ toggles: ['allow', 'allow'] })
    await unreadable(ann)
    await ann.flip('deny', 'Sales Rep', 1)
    await world.now.sweep()
    expect((await ann.state()).basis).toBe('withdrawn')
    const ask = { contactIds: [ann.contactId], proof: 'delta' } as const
    expect((await preSend(world.now, ask)).result).toMatchObject({ complete: false, eligible: 0 })
    await readable(ann)
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny', 'deny'] })
  })

  it("lets eMarketeer's withdrawal be written to the others", async () => {
    const ann = await world.now.linked({ toggles: ['allow', 'allow'] })
    await unreadable(ann)
    await ann.unsubscribe()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['allow', 'deny'] })
    await readable(ann)
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny', 'deny'] })
  })
})

describe('a subscription row without an answer', () => {
  it('is neither Yes nor No: counted, not mailed, and the sendout not complete', async () => {
    const ann = await world.now.linked()
    const rows = await dynamicsRows(world.now, 'em_subscriptions')
    const row = rows.find(({ em_contact }) => em_contact === ann.crmIds[0])
    await world.now.standIns.dynamics('PATCH', `rows/em_subscriptions/${String(row?.['id'])}`, {
      values: { em_subscribed: null },
    })
    await world.now.sweep()
    const counts = await connectionCounts(world.now.db, CONNECTION_ID)
    expect(counts.unknownSubscriptions).toBe(1)
    const ask = {
      contactIds: [ann.contactId],
      categoryId: String(row?.['em_rowkey']).split('_').at(-1)!,
    }
    const { result, verdicts } = await preSend(world.now, ask)
    expect(verdicts[ann.contactId]).toBe('notVerified')
    expect(result).toMatchObject({ complete: false })
  })
})

describe('a subscription row that lacks a property, where definitions are not readable (B8)', () => {
  const CASES = (['absent', 'null'] as const).flatMap((hiddenAs) =>
    PROOFS.flatMap((proof) =>
      ['em_contact', 'em_category', 'em_subscribed'].map(
        (column) => [column, hiddenAs, proof] as const,
      ),
    ),
  )
  it.each(CASES)(
    '%s, shown as %s: a No said just before is not missed, proven by %s',
    async (column, hiddenAs, proof) => {
      const ann = await world.now.linked()
      const secureOurs = (more: Record<string, unknown>) =>
        world.now.dynamicsSwitch({ secureColumn: { table: 'em_subscriptions', column, ...more } })
      await secureOurs({ hiddenAs })
      await world.now.dynamicsFault({ path: 'IsSecured', status: 403, body: {} })
      const ask = { contactIds: [ann.contactId], categoryId: 'c1', tolerant: true, proof } as const
      try {
        await ann.flipSubscription('c1', false)
        const sent = await inNewProcess((fresh) => preSend(fresh, ask))
        expect(sent.verdicts[ann.contactId]).toBe('notVerified')
        expect(sent.result).toMatchObject({ complete: false, eligible: 0 })
      } finally {
        await secureOurs({ secured: false })
        await world.now.clearFaults()
      }
      const after = await preSend(world.now, { ...ask, proof: 'direct' })
      expect(after.verdicts[ann.contactId]).toBe('unsubscribedFromCategory')
    },
  )

  it('em_contact, closed for reading alone: a No is not written over as if its row were gone', async () => {
    const ann = await world.now.linked()
    const secureOurs = (more: Record<string, unknown>) =>
      world.now.dynamicsSwitch({
        secureColumn: { table: 'em_subscriptions', column: 'em_contact', ...more },
      })
    await secureOurs({ create: true, update: true })
    await world.now.dynamicsFault({ path: 'IsSecured', status: 403, body: {} })
    const ask = {
      contactIds: [ann.contactId],
      categoryId: 'c1',
      proof: 'direct',
      tolerant: true,
    } as const
    try {
      await ann.flipSubscription('c1', false)
      const sent = await inNewProcess((fresh) => preSend(fresh, ask))
      expect(sent.verdicts[ann.contactId]).toBe('notVerified')
      expect(sent.result).toMatchObject({ complete: false, eligible: 0 })
      expect((await ann.state()).rows).toEqual(['c1:false', 'c2:true'])
    } finally {
      await secureOurs({ secured: false })
      await world.now.clearFaults()
    }
    const after = await preSend(world.now, ask)
    expect(after.verdicts[ann.contactId]).toBe('unsubscribedFromCategory')
  })

  it('em_contact, of a row that was first met: no sendout that asks for its category is complete', async () => {
    const ann = await world.now.linked()
    const secureOurs = (more: Record<string, unknown>) =>
      world.now.dynamicsSwitch({
        secureColumn: { table: 'em_subscriptions', column: 'em_contact', ...more },
      })
    await secureOurs({})
    await world.now.dynamicsFault({ path: 'IsSecured', status: 403, body: {} })
    await world.now.db.query(`DELETE FROM crm_subscriptions WHERE crm_contact_id = $1`, [
      ann.crmIds[0],
    ])
    const ask = { contactIds: [ann.contactId], categoryId: 'c1', tolerant: true } as const
    try {
      await ann.flipSubscription('c1', false)
      for (const proof of PROOFS) {
        const { result } = await inNewProcess(async (fresh) => {
          await fresh.sweep()
          return preSend(fresh, { ...ask, proof })
        })
        expect(result).toMatchObject({ complete: false, problems: ['crm_privilege_missing'] })
        const aborted = await preSend(world.now, { ...ask, proof, onUnverified: 'abort' })
        expect(aborted.result).toMatchObject({ outcome: 'aborted', eligible: 0 })
        const ofOther = await preSend(world.now, { ...ask, proof, categoryId: null })
        expect(ofOther.result).toMatchObject({ complete: true, eligible: 1 })
      }
    } finally {
      await secureOurs({ secured: false })
      await world.now.clearFaults()
    }
    const after = await preSend(world.now, { ...ask, proof: 'direct' })
    expect(after.verdicts[ann.contactId]).toBe('unsubscribedFromCategory')
    expect(after.result.complete).toBe(true)
  })

  it.each([
    ['em_contact', 'known'],
    ['em_category', 'known'],
    ['em_category', 'first met'],
  ])('%s, of a row that was %s: not mailed, and the sendout not complete', async (column, was) => {
    const ann = await world.now.linked()
    const secureOurs = (more: Record<string, unknown>) =>
      world.now.dynamicsSwitch({ secureColumn: { table: 'em_subscriptions', column, ...more } })
    await secureOurs({})
    await world.now.dynamicsFault({ path: 'IsSecured', status: 403, body: {} })
    if (was === 'first met') {
      await world.now.db.query(`DELETE FROM crm_subscriptions WHERE crm_contact_id = $1`, [
        ann.crmIds[0],
      ])
    }
    const ask = { contactIds: [ann.contactId], categoryId: 'c1', tolerant: true } as const
    const unknown = async () =>
      (await connectionCounts(world.now.db, CONNECTION_ID)).unknownSubscriptions
    const before = await unknown()
    try {
      await ann.flipSubscription('c1', false)
      const sent = await inNewProcess((fresh) => preSend(fresh, { ...ask, proof: 'delta' }))
      expect(sent.verdicts[ann.contactId]).toBe('notVerified')
      expect(sent.result.complete).toBe(false)
      expect(await unknown()).toBeGreaterThan(before)
      await inNewProcess((fresh) => fresh.sweep())
      expect((await ann.state()).rows).toEqual(['c1:false', 'c2:true'])
    } finally {
      await secureOurs({ secured: false })
      await world.now.clearFaults()
    }
    const after = await preSend(world.now, { ...ask, proof: 'direct' })
    expect(after.verdicts[ann.contactId]).toBe('unsubscribedFromCategory')
  })
})

describe('a column of our own tables that was secured after set-up (B8)', () => {
  const CASES = [
    ['em_subscriptions', 'em_category'],
    ['em_subscriptions', 'em_contact'],
    ['em_subscriptions', 'em_subscribed'],
    ['em_subscriptioncategories', 'em_categoryid'],
  ].flatMap(([table, column]) =>
    (['absent', 'null'] as const).flatMap((hiddenAs) =>
      PROOFS.map((proof) => [table!, column!, hiddenAs, proof] as const),
    ),
  )

  it.each(CASES)(
    '%s.%s, shown as %s: a No just before a send is not mailed, proven by %s',
    async (table, column, hiddenAs, proof) => {
      const ann = await world.now.linked()
      const rows = await dynamicsRows(world.now, 'em_subscriptions')
      const row = rows.find(({ em_contact }) => em_contact === ann.crmIds[0])
      const categoryId = String(row?.['em_rowkey']).split('_').at(-1)!
      const secureOurs = (more: Record<string, unknown>) =>
        world.now.dynamicsSwitch({ secureColumn: { table, column, ...more } })
      const ask = { contactIds: [ann.contactId], categoryId, proof, tolerant: true } as const
      await secureOurs({ hiddenAs })
      await ann.flipSubscription(categoryId, false)
      try {
        const { result, verdicts } = await inNewProcess((fresh) => preSend(fresh, ask))
        expect(verdicts[ann.contactId]).toBe('notVerified')
        expect(result).toMatchObject({ complete: false, eligible: 0 })
      } finally {
        await secureOurs({ secured: false })
      }
      const after = await inNewProcess((fresh) => preSend(fresh, ask))
      expect(after.verdicts[ann.contactId]).toBe('unsubscribedFromCategory')
    },
  )
})
