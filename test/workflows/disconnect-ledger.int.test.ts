import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from '@jest/globals'
import type { Client } from '@temporalio/client'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { createLifecycleActivities } from '../../src/activities/lifecycle-activities.js'
import { createPreSendActivities } from '../../src/activities/pre-send-activities.js'
import type { LifecycleActivities } from '../../src/contracts/lifecycle-activities.js'
import type { OpenedSendout } from '../../src/contracts/sync-activities.js'
import { markAllLinkedDue } from '../../src/ledger/copy/categories.js'
import { findConnection, setConnectionState } from '../../src/ledger/connection/connections.js'
import { dropCrmCursor } from '../../src/ledger/connection/cursors.js'
import { countCarriedNos } from '../../src/ledger/connection/removal.js'
import { catchUpCrm } from '../../src/sync/mirror/catch-up-crm.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import { CONNECTION_ID } from '../sync/support/open-systems.js'
import { dynamicsRows } from '../sync/support/person-state.js'
import { ACCOUNT_ID } from '../sync/support/stand-ins.js'
import { twistChanges } from '../sync/support/twists.js'
import { withWorld } from '../sync/support/world.js'

// Some of these tests produce failures.
Runtime.install({ logger: new DefaultLogger('ERROR') })

const connectionId = CONNECTION_ID
const world = withWorld({ newlyMailableLimit: 1_000 })
const words = { connectionId, reason: 'the customer leaves', by: 'Kari' }
const HOOKS = 'https://gateway.example/hooks/em/'
let ended: string[] = []

/** Temporal's part: the workflows that were ended, and those that are started. */
const temporal = {
  workflow: {
    getHandle: (id: string) => ({ terminate: async () => void ended.push(id) }),
    list: async function* () {},
    start: async () => undefined,
  },
} as unknown as Client

const environment = new MockActivityEnvironment()

/** Runs an activity of a connection's life as a worker would. */
function life<Name extends keyof LifecycleActivities>(
  name: Name,
  input: Parameters<LifecycleActivities[Name]>[0],
): ReturnType<LifecycleActivities[Name]> {
  const { systems } = world.now
  const activity = createLifecycleActivities({ systems, temporal })[name] as (
    given: typeof input,
  ) => Promise<Awaited<ReturnType<LifecycleActivities[Name]>>>
  return environment.run(activity, input) as ReturnType<LifecycleActivities[Name]>
}

const disable = (removeInstalled = false) =>
  life('disableConnection', { ...words, interventionId: randomUUID(), removeInstalled })

/** The activities of a removal after the last sync, in the workflow's order. */
async function remove(): Promise<number> {
  const { undo } = await life('planDisconnect', { connectionId, removeInstalled: true })
  await disable(true)
  await life('endWork', { connectionId, kinds: ['starters', 'cron', 'runs'], reason: 'a test' })
  await life('removeCrmWebhooks', { connectionId })
  await life('removeEmarketeerWebhook', { connectionId })
  const { kept } = await life('keepSubscriptions', { connectionId })
  for (const { id } of undo) {
    await life('undoSetupStep', { connectionId, stepId: id, choice: null })
  }
  await life('forgetInstallation', { connectionId })
  return kept
}

/** Applies the connection's file again: what `connection apply` stores, then set-up. */
async function connectAgain(): Promise<void> {
  await world.now.configure({ newlyMailableLimit: 1_000 })
  await setConnectionState(world.now.db, connectionId, 'settingUp')
  await markAllLinkedDue(world.now.db, connectionId)
  await world.now.setUp()
  await world.now.sweep()
}

const connection = async () => (await findConnection(world.now.db, connectionId))!

beforeEach(() => {
  ended = []
})

describe('disabling', () => {
  it('ends every workflow of the connection, those that could start others first', async () => {
    await life('endWork', { connectionId, kinds: ['starters', 'cron', 'runs'], reason: 'a test' })
    expect(ended).toEqual([
      'setup/acme',
      'pause/acme',
      'resume/acme',
      'rotate-webhooks/acme',
      'sweep/acme',
      'sweep/acme/run',
      ...[0, 1, 2, 3].map((shard) => `inbox/acme/${shard}`),
    ])
  })

  it('stops syncing, keeps what was synced, and goes on where it stopped', async () => {
    const [ann, bo, cy] = [
      await world.now.linked(),
      await world.now.linked(),
      await world.now.linked(),
    ]
    const { epoch } = await connection()
    await disable()
    await ann.flip('deny')
    await bo.unsubscribe()
    await expect(world.now.sweep()).rejects.toMatchObject({ code: 'connection_disabled' })
    expect(await ann.state()).toMatchObject({ basis: 'consent' })
    await disable()
    await connectAgain()
    expect((await connection()).epoch).toBe(epoch + 1)
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    expect(await bo.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    expect(await cy.state()).toMatchObject({ basis: 'consent', toggles: ['allow'] })
    expect((await cy.state()).rows).toHaveLength(2)
  })

  it('is kept as evidence once, however often it is carried out', async () => {
    const intervention = { ...words, interventionId: randomUUID(), removeInstalled: false }
    await life('disableConnection', intervention)
    await life('disableConnection', intervention)
    const rows = await world.now.db.query(
      `SELECT action, reason, by_whom AS by FROM overrides WHERE override_id = $1`,
      [intervention.interventionId],
    )
    expect(rows).toEqual([{ action: 'disable', reason: words.reason, by: 'Kari' }])
    // A set-up that ends late enables nothing.
    await setConnectionState(world.now.db, connectionId, 'active')
    expect((await connection()).state).toBe('disabled')
    await connectAgain()
  })

  it("removes the account's webhook in eMarketeer only where it is this connection's", async () => {
    const emarketeer = world.now.systems.emarketeerOf(ACCOUNT_ID)
    const { webhookRef } = await connection()
    const events = ['contact.created'] as const
    await emarketeer.putWebhook({ url: `${HOOKS}${'x'.repeat(32)}`, events })
    await disable()
    await life('removeEmarketeerWebhook', { connectionId })
    expect(await emarketeer.getWebhook()).not.toBeNull()
    await emarketeer.putWebhook({ url: `${HOOKS}${webhookRef}`, events })
    await life('removeEmarketeerWebhook', { connectionId })
    await life('removeEmarketeerWebhook', { connectionId })
    expect(await emarketeer.getWebhook()).toBeNull()
    await connectAgain()
  })

  it.each(['removeCrmWebhooks', 'removeEmarketeerWebhook'] as const)(
    '%s of a disconnect that was reset leaves those of a connection that was enabled since',
    async (name) => {
      expect((await connection()).state).toBe('active')
      await expect(life(name, { connectionId })).rejects.toMatchObject({
        type: 'connection_not_disabled',
        nonRetryable: true,
      })
    },
  )
})

describe('a sendout and a connection that is disabled', () => {
  const preSend = () => createPreSendActivities(world.now.systems)
  const request = (contactIds: readonly string[]) => ({
    connectionId,
    sendoutId: `s-${randomUUID()}`,
    stage: 'send' as const,
    contactIds: [...contactIds],
    channel: 'email' as const,
    categoryId: null,
    transactional: false,
  })
  const open = async (asked: ReturnType<typeof request>) => {
    const sendoutRunId = randomUUID()
    const deadlineMs = Date.now() + 600_000
    const opening = { request: asked, sendoutRunId, deadlineMs }
    const opened = (await environment.run(preSend().openSendout, opening)) as OpenedSendout
    const reference = { sendoutRunId, connectionId: opened.connectionId, runId: sendoutRunId }
    await environment.run(preSend().fixAudience, { ...reference, request: asked })
    return { reference, opened }
  }
  const close = (sendoutRunId: string) =>
    environment.run(preSend().closeSendout, {
      sendoutRunId,
      proof: null,
      onUnverified: 'exclude' as const,
      aborted: false,
      updated: { emarketeer: 0, crm: 0 },
      requests: { emarketeer: 0, crm: 0 },
      problems: [],
    })

  it('under way: whom it had verified stays decided, the others are not verified', async () => {
    const [ann, bo] = [await world.now.linked(), await world.now.linked()]
    const { reference } = await open(request([ann.contactId, bo.contactId]))
    const { syncMembers, decideMembers } = preSend()
    const range = (from: number) => ({ ...reference, from, to: from + 1, proof: 'direct' as const })
    await environment.run(syncMembers, range(0))
    await disable()
    await expect(environment.run(syncMembers, range(1))).rejects.toMatchObject({
      type: 'connection_disabled',
      nonRetryable: true,
    })
    await environment.run(decideMembers, reference)
    expect(await close(reference.sendoutRunId)).toMatchObject({
      crm: 'dynamics',
      complete: false,
      eligible: 1,
      excluded: { notVerified: 1 },
    })
    await connectAgain()
  })

  it("started later: decides on eMarketeer's own state, and says so", async () => {
    const [ann, bo] = [await world.now.linked(), await world.now.linked()]
    await disable()
    await ann.flip('deny')
    await bo.unsubscribe()
    const { reference, opened } = await open(request([ann.contactId, bo.contactId]))
    expect(opened.crm).toBe('none')
    await environment.run(preSend().proveFreshness, reference)
    const range = { ...reference, from: 0, to: 2, proof: 'emarketeerOnly' as const }
    await environment.run(preSend().syncMembers, range)
    await environment.run(preSend().decideMembers, reference)
    expect(await close(reference.sendoutRunId)).toMatchObject({
      crm: 'none',
      complete: true,
      eligible: 1,
      excluded: { consentWithdrawn: 1 },
    })
    await connectAgain()
  })
})

describe('removing what was installed', () => {
  const tables = async () => {
    const { crm, call } = await world.now.session('setup')
    const context = { ...call, choice: null, subscriptionSync: true }
    const step = CRM_DRIVERS.get('dynamics')!.setupSteps.find(({ id }) => id === 'tables')!
    return (await step.verify(crm!.client, context)).state
  }

  it('takes the tables away, and connected again everybody is as before', async () => {
    const [ann, bo] = [await world.now.linked(), await world.now.linked()]
    await bo.flipSubscription('c1', false)
    await world.now.sweep()
    expect(await life('countUnsaved', { connectionId })).toBe(0)
    expect(await remove()).toBe(0)
    expect(await tables()).toBe('due')
    expect(await connection()).toMatchObject({ state: 'disabled', facts: {}, crmCursor: null })
    await connectAgain()
    expect((await ann.state()).rows).toEqual(['c1:true', 'c2:true'])
    expect(await bo.state()).toMatchObject({
      rows: ['c1:false', 'c2:true'],
      subscriptions: { c1: false },
    })
  })

  it('counts a No that has not reached eMarketeer', async () => {
    const ann = await world.now.linked()
    await ann.flipSubscription('c2', false)
    await world.now.emarketeerFault({ method: 'POST', path: '/states/write', status: 503 })
    await world.now.sweep().catch(() => undefined)
    expect(await life('countUnsaved', { connectionId })).toBe(1)
    await world.now.clearFaults()
    await world.now.timePasses()
    await world.now.sweep()
    expect(await life('countUnsaved', { connectionId })).toBe(0)
  })

  it('keeps a No that nobody could write any more, and carries it when connected again', async () => {
    const ann = await world.now.linked()
    await disable()
    await ann.flipSubscription('c1', false)
    expect(await remove()).toBe(1)
    await connectAgain()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({
      subscriptions: { c1: false },
      rows: ['c1:false', 'c2:true'],
    })
  })

  it('keeps a No that was said after removing had begun, while the tables are still there', async () => {
    const ann = await world.now.linked()
    const { undo } = await life('planDisconnect', { connectionId, removeInstalled: true })
    await disable(true)
    const { kept } = await life('keepSubscriptions', { connectionId })
    const before = undo.findIndex(({ id }) => id === 'relationships')
    for (const { id } of undo.slice(0, before)) {
      await life('undoSetupStep', { connectionId, stepId: id, choice: null })
    }
    await ann.flipSubscription('c2', false)
    expect(await remove()).toBe(kept + 1)
    await connectAgain()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({
      subscriptions: { c2: false },
      rows: ['c1:true', 'c2:false'],
    })
  })

  it('keeps a No that was reported after the cursor had been dropped', async () => {
    const ann = await world.now.linked()
    const kept = await countCarriedNos(world.now.db, connectionId)
    await dropCrmCursor(world.now.db, connectionId)
    await disable()
    await ann.flipSubscription('c1', false)
    expect(await remove()).toBe(kept + 1)
    await connectAgain()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ subscriptions: { c1: false } })
  })

  it('keeps a No of a row that did not say whose it was while there were changes to read', async () => {
    const ann = await world.now.linked()
    const kept = await countCarriedNos(world.now.db, connectionId)
    // Everything was listed a moment ago because of another such row.
    await world.now.db.query(`UPDATE connections SET crm_relisted_at = clock_timestamp()`)
    await ann.flipSubscription('c1', false)
    await catchUpCrm(
      twistChanges(await world.now.session(), (page) => ({
        ...page,
        subscriptions: [],
        unattributed: true,
      })),
    )
    await disable()
    expect(await remove()).toBe(kept + 1)
    await connectAgain()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ subscriptions: { c1: false } })
  })

  it('removes nothing that another connection to the same environment uses', async () => {
    const other = 'acme-too'
    await world.now.db.query(
      `INSERT INTO connections (connection_id, account_id, crm, state, legal_basis_sync, subscription_sync,
          create_missing, newly_mailable_limit, subscription_rows_per_day, config, webhook_ref)
        SELECT $1, 'another account', crm, 'active', true, true, 'none', 0, 0,
          jsonb_set(config::jsonb, '{section,clientId}', '"another"'), $1
        FROM connections WHERE connection_id = $2`,
      [other, connectionId],
    )
    const shared = { type: 'environment_shared', nonRetryable: true }
    const plan = (removeInstalled: boolean) =>
      life('planDisconnect', { connectionId, removeInstalled })
    await expect(plan(true)).rejects.toMatchObject(shared)
    expect(await plan(false)).toMatchObject({ undo: [] })
    await disable(true)
    const undoing = life('undoSetupStep', { connectionId, stepId: 'tables', choice: null })
    await expect(undoing).rejects.toMatchObject(shared)
    expect(await tables()).toBe('done')
    await world.now.db.query(`UPDATE connections SET state = 'disabled' WHERE connection_id = $1`, [
      other,
    ])
    expect((await plan(true)).undo).not.toEqual([])
    await world.now.db.query(`DELETE FROM connections WHERE connection_id = $1`, [other])
    await connectAgain()
  })

  it('is done again from the beginning where it was cut off anywhere', async () => {
    const ann = await world.now.linked()
    await ann.flipSubscription('c1', false)
    await world.now.sweep()
    const { undo } = await life('planDisconnect', { connectionId, removeInstalled: true })
    await disable(true)
    await life('keepSubscriptions', { connectionId })
    for (const { id } of undo.slice(0, Math.ceil(undo.length / 2))) {
      await life('undoSetupStep', { connectionId, stepId: id, choice: null })
    }
    await remove()
    await remove()
    await connectAgain()
    expect(await ann.state()).toMatchObject({
      rows: ['c1:false', 'c2:true'],
      subscriptions: { c1: false },
    })
    expect(await dynamicsRows(world.now, 'em_subscriptioncategories')).toHaveLength(2)
  })

  it('undoes nothing of a connection that syncs', async () => {
    const undoing = life('undoSetupStep', { connectionId, stepId: 'tables', choice: null })
    await expect(undoing).rejects.toMatchObject({ type: 'connection_not_disabled' })
    expect(await tables()).toBe('done')
  })
})
