import { afterEach, describe, expect, it } from '@jest/globals'
import { readFacts } from '../../../src/crm/dynamics/facts.js'
import { dynamicsDriver } from '../../../src/crm/dynamics/driver.js'
import {
  look,
  OWN_STEPS,
  PLAIN,
  runSteps,
  runUpTo,
  stepOf,
  targetOf,
  undoSteps,
  writesMade,
} from './support/run-steps.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

let standIn: StandIn | undefined

afterEach(async () => {
  await standIn?.close()
})

describe('setting up', () => {
  it('says beforehand, in words, what it would do, and does nothing', async () => {
    standIn = await startStandIn({ contactChangeTracking: false })
    await standIn.control('DELETE', 'counters')
    const told: Record<string, unknown> = {}
    for (const step of dynamicsDriver.setupSteps) {
      const verdict = await look(standIn, step, {})
      told[step.id] =
        verdict.state === 'due' ? verdict.changes.map(({ what }) => what) : verdict.state
    }
    expect(told).toMatchObject({
      connect: 'done',
      privileges: 'done',
      publisher: [
        'Create the publisher "eMarketeer" (emarketeer, prefix em)',
        'Create the solution "eMarketeer Sync" (emarketeersync)',
      ],
      tables: [
        expect.stringMatching(/^Create the table "Subscription categories".*em_categoryid/),
        expect.stringMatching(/^Create the table "Subscriptions".*em_subscribed.*em_rowkey/),
      ],
      keys: [expect.stringContaining('em_categoryidkey'), expect.stringContaining('em_rowkeykey')],
      relationships: [
        'Add the lookup "Contact" (em_contact) from em_subscriptions to contact',
        'Add the lookup "Category" (em_category) from em_subscriptions to em_subscriptioncategories',
      ],
      tablePrivileges: [expect.stringContaining('prvReadem_Subscriptions')],
      changeTracking: [expect.stringMatching(/^Enable change tracking of contact/)],
    })
    expect(await writesMade(standIn)).toEqual([])
  })

  it('remarks that another product keeps consents of its own, and that auditing is off', async () => {
    standIn = await startStandIn({ auditEnabled: false })
    const path = 'EntityDefinitions.*msdynmkt_contactpointconsent4'
    const there = { method: 'GET', path, status: 200, body: { LogicalName: 'x' }, times: 1 }
    await standIn.control('POST', 'faults', there)
    const seen = await look(standIn, stepOf('connect'), {})
    expect(seen).toMatchObject({ state: 'done', note: expect.stringMatching(/Auditing.*Journeys/) })
    const without = await look(standIn, stepOf('connect'), {})
    expect(without).toMatchObject({ note: expect.not.stringContaining('Journeys') })
    await standIn.control('POST', 'faults', { ...there, status: 403 })
    expect(await look(standIn, stepOf('connect'), {})).toEqual(without)
  })

  it('makes what is missing, and a second time nothing', async () => {
    standIn = await startStandIn({ languageCode: 1053 })
    const facts = await runSteps(standIn)
    const read = readFacts(facts)
    expect(read.organization).toMatchObject({ languageCode: 1053, auditEnabled: true })
    expect(read.organization?.languages).toEqual([1053, 1033])
    expect(read.subscriptionsTable).toMatchObject({ primaryId: 'em_subscriptionsid', ours: true })
    expect(read.navigation).toEqual({ contact: 'em_Contact', category: 'em_Category' })

    const state = await standIn.control('GET', 'state')
    await standIn.control('DELETE', 'counters')
    for (const step of OWN_STEPS) {
      await step.do(standIn.open(facts), PLAIN)
    }
    expect(await runSteps(standIn, facts)).toEqual(facts)
    expect(await writesMade(standIn)).toEqual([])
    expect(await standIn.control('GET', 'state')).toMatchObject({ version: state['version'] })
  })

  it.each(['publisher', 'tables', 'keys', 'relationships', 'changeTracking'])(
    'step %s: due, done, undone, due again',
    async (id) => {
      standIn = await startStandIn({ keyActivationReads: 1, contactChangeTracking: false })
      const step = stepOf(id)
      const before = await runUpTo(standIn, id)
      expect(await look(standIn, step, before)).toMatchObject({ state: 'due' })
      const facts = { ...before, ...(await step.do(standIn.open(before), PLAIN)) }
      expect(await look(standIn, step, facts)).toMatchObject({ state: 'done' })
      expect(await step.do(standIn.open(facts), PLAIN)).toEqual(
        Object.fromEntries(Object.entries(facts).filter(([key]) => !(key in before))),
      )
      const once = await undoSteps(standIn, facts, [step])
      expect(await undoSteps(standIn, once, [step])).toEqual(once)
      // Dataverse does not undo change tracking; keys and lookups of our tables are removed with the tables.
      const left = ['changeTracking', 'keys', 'relationships'].includes(id)
      const state = left ? 'done' : 'due'
      expect(await look(standIn, step, once)).toMatchObject({ state })
    },
  )

  it('says that somebody else is customising, and for how long to wait', async () => {
    standIn = await startStandIn({ keyActivationReads: 0 })
    const facts = await runUpTo(standIn, 'tables')
    const body = { error: { code: '0x80071151', message: 'Cannot start the requested operation' } }
    await standIn.control('POST', 'faults', {
      method: 'POST',
      path: 'EntityDefinitions',
      status: 429,
      body,
    })
    const failure = await runSteps(standIn, facts, ['tables']).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'crm_customization_locked' })
    const { retryAfterMs } = failure as { retryAfterMs: number }
    expect(retryAfterMs).toBeGreaterThanOrEqual(10_000)
    expect(retryAfterMs).toBeLessThanOrEqual(30_000)
  })

  it.each([400, 404])(
    'asks column by column where the service lists none (%d), and for no more of a table than is documented',
    async (status) => {
      standIn = await startStandIn({ keyActivationReads: 0 })
      const body = { error: { code: '0x80060888', message: 'not known' } }
      const unlisted = { method: 'GET', path: '/Attributes(/Microsoft|[?])', status, body }
      await standIn.control('POST', 'faults', unlisted)
      const ids = ['connect', 'publisher', 'tables', 'keys', 'relationships', 'tablePrivileges']
      const facts = await runSteps(standIn, {}, ids)
      expect(readFacts(facts).navigation).toEqual({
        contact: 'em_Contact',
        category: 'em_Category',
      })
      await standIn.control('DELETE', 'counters')
      const unknown = { method: 'GET', path: 'PrimaryNameAttribute' }
      await standIn.control('POST', 'faults', { ...unknown, status: 400, body })
      expect(await look(standIn, stepOf('tables'), facts)).toMatchObject({ state: 'done' })
    },
  )

  it('waits for columns that the data does not know yet', async () => {
    standIn = await startStandIn({ metadataCacheDelayMs: 400, keyActivationReads: 0 })
    const facts = await runSteps(standIn, {}, ['connect', 'publisher', 'tables', 'keys'])
    expect(readFacts(facts).categoriesTable).toBeDefined()
    const related = await runSteps(standIn, facts, ['relationships'])
    for await (const page of standIn.open(related).readChanges(null, {})) {
      expect(page.nextCursor).not.toBe('')
    }
  })

  it('says of made lookups that they cannot be read yet', async () => {
    standIn = await startStandIn({ metadataCacheDelayMs: 400, keyActivationReads: 0 })
    const facts = await runUpTo(standIn, 'relationships')
    const step = stepOf('relationships')
    await step.do(standIn.open({ ...facts, subscriptionsTable: null }), PLAIN)
    const seen = await look(standIn, step, facts)
    expect(seen).toMatchObject({
      state: 'due',
      changes: [{ what: 'Wait until the lookups of em_subscriptions can be read' }],
    })
  })

  it('builds a failed key again once somebody has corrected the rows', async () => {
    standIn = await startStandIn({ keyActivationReads: 0 })
    const facts = await runUpTo(standIn, 'keys')
    const twins = ['a', 'b'].map((em_name) => ({ em_name, em_categoryid: '12' }))
    const path = 'rows/em_subscriptioncategories'
    const { ids } = await standIn.control<{ ids: string[] }>('POST', `${path}/bulk`, {
      rows: twins,
    })
    await expect(runSteps(standIn, facts, ['keys'])).rejects.toMatchObject({ code: 'crm_refused' })
    await standIn.control('DELETE', `${path}/${ids[0]}`)
    await runSteps(standIn, facts, ['keys'])
  })

  it('without subscriptions builds nothing for them, and goes on', async () => {
    standIn = await startStandIn({ contactChangeTracking: false })
    const context = { choice: null, subscriptionSync: false }
    const ids = OWN_STEPS.map(({ id }) => id)
    const facts = await runSteps(standIn, {}, ids, context)
    expect(Object.keys(facts)).toEqual(['organization'])
    for (const id of ['publisher', 'tables', 'keys', 'relationships', 'tablePrivileges']) {
      expect(await look(standIn, stepOf(id), facts, context)).toMatchObject({
        state: 'skipped',
        note: expect.stringContaining('Subscriptions'),
      })
    }
    expect(await look(standIn, stepOf('changeTracking'), facts, context)).toEqual({ state: 'done' })
    const crm = standIn.open(facts)
    const target = targetOf('https://hooks.example.com/a')
    const { installed } = await crm.installWebhooks(target, {})
    expect(installed).toBe(true)
    let cursor: string | null = null
    for await (const page of crm.readChanges(null, {})) {
      cursor = page.nextCursor
    }
    expect(cursor).not.toBeNull()
  })
})
