import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { createPreSendActivities } from '../../src/activities/pre-send-activities.js'
import { checkChange } from '../../src/app/connection/store-connection.js'
import type { ConnectionFile } from '../../src/config/connection/connection-file.js'
import { Secret } from '../../src/config/secrets/secret.js'
import { createSecretsVault } from '../../src/config/secrets/secrets-vault.js'
import type { PreSendRequest } from '../../src/contracts/pre-send.js'
import type { OpenedSendout, PreSendActivities } from '../../src/contracts/sync-activities.js'
import { disableConnection } from '../../src/ledger/connection/connection-life.js'
import {
  ensureImplicitConnection,
  findConnection,
  findConnectionOfAccount,
  saveConnection,
  setConnectionState,
} from '../../src/ledger/connection/connections.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { saveMembers, saveVerdicts } from '../../src/ledger/sendout/sendout-members.js'
import { saveAudience } from '../../src/ledger/sendout/sendouts.js'
import { findListRun } from '../../src/sync/sendout/mailing-list.js'
import { Systems } from '../../src/connection/systems.js'
import { withDatabase } from '../support/with-database.js'

// These tests produce refusals.
Runtime.install({ logger: new DefaultLogger('ERROR') })

const database = withDatabase()
let db: Database
let systems: Systems

beforeAll(() => {
  db = openDatabase(database.url)
  systems = new Systems({
    db,
    drivers: new Map(),
    vault: createSecretsVault([new Secret('k'.repeat(32))]),
    variables: {},
    emarketeer: { syncUrl: 'http://127.0.0.1:1', apiKey: 'unused', connectUrl: null },
    allowLoopbackHttp: true,
  })
})
afterAll(async () => {
  systems.close()
  await db.close()
})

const environment = new MockActivityEnvironment()
const settings = {
  legalBasisSync: true,
  subscriptionSync: false,
  createMissing: 'none',
  newlyMailableLimit: 100,
  subscriptionRowsPerDay: 0,
  config: {},
} as const

const apply = async (connectionId: string, accountId: string, crm = 'dynamics') => {
  await saveConnection(db, { ...settings, connectionId, accountId, crm })
  await setConnectionState(db, connectionId, 'settingUp')
}

const disable = (connectionId: string) => {
  const why = { interventionId: randomUUID(), connectionId, reason: 'another CRM', by: 'Kari' }
  return db.transaction((tx) => disableConnection(tx, why, false))
}

let accounts = 4000
let account = ''
beforeEach(() => {
  account = String(++accounts)
})

function request(who: Pick<PreSendRequest, 'connectionId' | 'accountId'>): PreSendRequest {
  const campaign = { campaignId: '1', componentId: '2', stage: 'send' } as const
  return { ...who, sendoutId: `snd_${randomUUID()}`, ...campaign }
}

const check = (asked: PreSendRequest): ReturnType<PreSendActivities['checkPreSend']> =>
  environment.run(createPreSendActivities(systems).checkPreSend, { request: asked })

const open = (asked: PreSendRequest, accountId: string | null = null): Promise<OpenedSendout> =>
  environment.run(createPreSendActivities(systems).openSendout, {
    request: asked,
    accountId,
    sendoutRunId: randomUUID(),
    deadlineMs: Date.now() + 60_000,
  })

describe('the connection by which a sendout is decided', () => {
  it.each(['settingUp', 'active', 'paused'] as const)(
    'is the one of the account that is %s, whichever is named',
    async (state) => {
      await apply(`former-${account}`, account)
      await disable(`former-${account}`)
      await apply(`present-${account}`, account, 'superoffice-online')
      await setConnectionState(db, `present-${account}`, state)
      const decides = { connectionId: `present-${account}`, crm: 'superoffice-online' }
      for (const who of [
        { connectionId: `former-${account}` },
        { connectionId: `present-${account}` },
        { accountId: account },
      ]) {
        expect(await check(request(who))).toMatchObject({ ...decides, accountId: account })
        expect(await open(request(who))).toMatchObject(decides)
      }
    },
  )

  it('is that of the moment at which the sendout begins', async () => {
    await apply(`former-${account}`, account)
    const asked = request({ connectionId: `former-${account}` })
    const { accountId } = await check(asked)
    await disable(`former-${account}`)
    await apply(`present-${account}`, account, 'superoffice-online')
    const opened = await open(asked, accountId)
    expect(opened).toMatchObject({ connectionId: `present-${account}`, crm: 'superoffice-online' })
  })

  it('is none only where the account has none', async () => {
    await apply(`former-${account}`, account)
    await disable(`former-${account}`)
    const opened = await open(request({ connectionId: `former-${account}` }))
    expect(opened).toMatchObject({ crm: 'none' })
    expect(await findConnection(db, opened.connectionId)).toMatchObject({
      accountId: account,
      state: 'implicit',
    })
  })

  it('is not asked for by the row of an account without CRM', async () => {
    const { connectionId } = await ensureImplicitConnection(db, account)
    const refused = { type: 'connection_not_found', nonRetryable: true }
    await expect(check(request({ connectionId }))).rejects.toMatchObject(refused)
    await expect(open(request({ connectionId }))).rejects.toMatchObject(refused)
    await expect(
      systems.session({ connectionId, runId: randomUUID(), trigger: 'sweep', workflowId: '' }),
    ).rejects.toMatchObject({ code: 'connection_not_found' })
    await setConnectionState(db, connectionId, 'active')
    expect(await findConnectionOfAccount(db, account)).toBeNull()
  })

  it("is not another account's, whose id is that of an account without CRM", async () => {
    const file = {
      ...settings,
      connectionId: `account-${account}`,
      accountId: '9',
      crm: 'dynamics',
    }
    const apply = (existing: Parameters<typeof checkChange>[1]['existing']) => () =>
      checkChange(file as unknown as ConnectionFile, { existing, ofAccount: null })
    const refused = { code: 'value_invalid', path: 'connectionId' }
    expect(apply(null)).toThrow(expect.objectContaining(refused))
    // A connection that a former release stored does not change, and the account gets another row.
    const former = await saveConnection(db, file)
    expect(apply(former)).not.toThrow()
    const { connectionId } = await open(request({ accountId: account }), account)
    expect(await findConnection(db, connectionId)).toMatchObject({
      accountId: account,
      crm: 'none',
    })
    expect((await ensureImplicitConnection(db, account)).connectionId).toBe(connectionId)
    await disable(former.connectionId)
    const implicit = await ensureImplicitConnection(db, String(++accounts))
    expect(apply(implicit)).toThrow(expect.objectContaining(refused))
  })

  it("of another account gives nobody of this account's run", async () => {
    await apply(`ours-${account}`, account)
    const asked = request({ accountId: account })
    const { sendoutRunId } = await open(asked)
    const { connectionId } = await ensureImplicitConnection(db, String(++accounts))
    const { decideMembers } = createPreSendActivities(systems)
    const reference = { sendoutRunId, connectionId, runId: sendoutRunId }
    await expect(environment.run(decideMembers, reference)).rejects.toMatchObject({
      type: 'run_not_found',
    })
  })

  it('decides nothing where its CRM is one that this release does not know', async () => {
    await apply(`ours-${account}`, account, 'crm-of-a-later-release')
    const { sendoutRunId, connectionId } = await open(request({ accountId: account }))
    const { decideMembers, fixAudience } = createPreSendActivities(systems)
    const reference = { sendoutRunId, connectionId, runId: sendoutRunId }
    const refused = { type: 'crm_not_supported', nonRetryable: true }
    await expect(environment.run(decideMembers, reference)).rejects.toMatchObject(refused)
    await expect(
      environment.run(fixAudience, { ...reference, request: request({ accountId: account }) }),
    ).rejects.toMatchObject(refused)
  })
})

describe('a change of CRM while a sendout is under way', () => {
  /** Everybody is decided by the connection that the account had when the sendout was opened. */
  async function decided(who: Pick<PreSendRequest, 'connectionId' | 'accountId'>) {
    const asked = request(who)
    const { sendoutRunId } = await open(asked)
    const member = { contactId: '1', email: 'a@example.com', mobile: null, addressId: null }
    await saveMembers(db, sendoutRunId, [{ ...member, position: 0 }])
    await saveAudience(db, sendoutRunId, {
      channel: 'email',
      categoryId: null,
      transactional: false,
      audienceId: null,
      targeted: 1,
    })
    await saveVerdicts(db, sendoutRunId, [{ position: 0, verdict: 'eligible' }])
    const close = () =>
      environment.run(createPreSendActivities(systems).closeSendout, {
        sendoutRunId,
        proof: 'delta' as const,
        onUnverified: 'exclude' as const,
        aborted: false,
        problems: [],
      })
    return {
      close,
      list: () => findListRun(db, { sendoutId: asked.sendoutId, accountId: account }),
    }
  }

  it.each([
    ['another one', () => apply(`former-${account}`, account)],
    ['none', () => Promise.resolve()],
  ])('from %s leaves nobody on the list', async (_, before) => {
    await before()
    const { close, list } = await decided({ accountId: account })
    await disable(`former-${account}`).catch(() => undefined)
    await apply(`present-${account}`, account, 'superoffice-online')
    expect(await close()).toMatchObject({
      complete: false,
      eligible: 0,
      excluded: { notVerified: 1 },
      problems: ['crm_changed'],
    })
    await expect(list()).rejects.toMatchObject({ code: 'crm_changed' })
  })

  it('to the same one, disabled and created again, leaves nobody on the list', async () => {
    await apply(`former-${account}`, account)
    const { close, list } = await decided({ accountId: account })
    await disable(`former-${account}`)
    await apply(`former-${account}`, account)
    expect(await close()).toMatchObject({ complete: false, eligible: 0, problems: ['crm_changed'] })
    await expect(list()).rejects.toMatchObject({ code: 'crm_changed' })
  })

  it('to the same one, created again after the list was decided, takes it away', async () => {
    await apply(`former-${account}`, account)
    const { close, list } = await decided({ accountId: account })
    expect(await close()).toMatchObject({ complete: true, eligible: 1 })
    await disable(`former-${account}`)
    await apply(`former-${account}`, account)
    await expect(list()).rejects.toMatchObject({ code: 'crm_changed' })
  })

  it('to none keeps whom its CRM has verified (C8)', async () => {
    await apply(`former-${account}`, account)
    const { close, list } = await decided({ accountId: account })
    await disable(`former-${account}`)
    expect(await close()).toMatchObject({ complete: true, eligible: 1, problems: [] })
    expect(await list()).toMatchObject({ connectionId: `former-${account}` })
  })

  it('takes the list away that was decided before', async () => {
    await apply(`former-${account}`, account)
    const { close, list } = await decided({ accountId: account })
    expect(await close()).toMatchObject({ complete: true, eligible: 1 })
    await disable(`former-${account}`)
    await apply(`present-${account}`, account, 'superoffice-online')
    await expect(list()).rejects.toMatchObject({ code: 'crm_changed' })
  })
})
