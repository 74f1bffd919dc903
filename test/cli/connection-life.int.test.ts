import { saveCrmClock } from '../../src/ledger/connection/crm-notices.js'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { connectionCounts } from '../../src/ledger/copy/connection-counts.js'
import { keptFor, measuresOf, viewOf } from '../../src/app/connection/connection-view.js'
import { storeConnection } from '../../src/app/connection/store-connection.js'
import type { ConnectionFile } from '../../src/config/connection/connection-file.js'
import type { StoredConfig } from '../../src/config/connection/stored-config.js'
import {
  disableConnection,
  pauseConnection,
  resumeConnection,
} from '../../src/ledger/connection/connection-life.js'
import {
  findConnection,
  mergeFacts,
  saveConnection,
  setConnectionState,
} from '../../src/ledger/connection/connections.js'
import { forgetRegisteredWebhooks } from '../../src/ledger/connection/removal.js'
import { beginAttempt, saveAttemptFacts } from '../../src/ledger/connection/setup-attempt.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { tripBreaker, resetTimedBreaker } from '../../src/ledger/connection/breakers.js'
import { documentOf, runLbsync } from './run-lbsync.js'
import { withDatabase } from '../support/with-database.js'

const database = withDatabase()
const connectionId = 'acme'
let db: Database

const NO_HTTPS = { installed: false, reason: 'no https' } as const

const settings = {
  connectionId,
  accountId: '1001',
  crm: 'dynamics',
  legalBasisSync: true,
  subscriptionSync: false,
  createMissing: 'none',
  newlyMailableLimit: 0,
  subscriptionRowsPerDay: 100,
  config: {
    connectionId,
    accountId: '1001',
    crm: 'dynamics',
    legalBasisSync: true,
    sectionName: 'dynamics',
    section: {},
    secrets: {},
  },
} as const

const asked = (reason: string) => ({
  interventionId: randomUUID(),
  connectionId,
  reason,
  by: 'Kari',
})

beforeAll(() => {
  db = openDatabase(database.url)
})
afterAll(() => db.close())

beforeEach(async () => {
  await db.query('DELETE FROM connections')
  await saveConnection(db, settings)
  await setConnectionState(db, connectionId, 'active')
})

async function shown() {
  const connection = (await findConnection(db, connectionId))!
  const counts = await connectionCounts(db, connectionId)
  const kept = await keptFor(db, connection)
  return viewOf(connection, counts, kept, await measuresOf(db, connection))
}

describe('a connection as it is shown', () => {
  it('shows who paused it and how, and nothing of it once it is resumed', async () => {
    await db.transaction((tx) => pauseConnection(tx, asked('a mistake'), 'all'))
    await db.transaction((tx) => pauseConnection(tx, asked('opt-outs may go'), 'loosening'))
    expect(await shown()).toMatchObject({
      state: 'paused',
      pause: {
        mode: 'loosening',
        reason: 'opt-outs may go',
        by: 'Kari',
        since: expect.stringMatching(/^\d{4}-.*Z$/),
      },
      disabled: null,
    })
    await db.transaction((tx) => resumeConnection(tx, asked('it is fixed')))
    expect(await shown()).toMatchObject({ state: 'active', pause: null })
  })

  it('shows who disabled it and why, and whether the installation was removed', async () => {
    await db.transaction((tx) => disableConnection(tx, asked('the customer left'), true))
    expect(await shown()).toMatchObject({
      state: 'disabled',
      pause: null,
      disabled: {
        removeInstalled: true,
        installationLeft: false,
        reason: 'the customer left',
        by: 'Kari',
      },
    })
    await mergeFacts(db, connectionId, { publisher: { publisherId: 'p-1' } })
    expect(await shown()).toMatchObject({ disabled: { installationLeft: true } })
    expect((await shown()).decisions[0]).toMatchObject({
      subject: 'connection',
      action: 'removeInstalled',
      reason: 'the customer left',
      by: 'Kari',
    })
  })

  it('shows a pause that has no reason', async () => {
    await db.query(`UPDATE connections SET state = 'paused'`)
    expect(await shown()).toMatchObject({
      pause: { mode: 'all', reason: null, by: null, since: null },
    })
  })

  it('says when "as of" proves only the records that were read directly', async () => {
    expect(await shown()).toMatchObject({ crmRowsWithoutOwner: false })
    await db.query(`UPDATE connections SET crm_untold = true`)
    expect(await shown()).toMatchObject({ crmRowsWithoutOwner: true })
    const show = await runLbsync(['connection', 'show', connectionId], {
      DATABASE_URL: database.url,
    })
    expect(show.stdout).toContain('A CRM row does not name its owner')
  })

  it('shows whether the CRM posts changes, and how far its clock is off', async () => {
    const nothing = { webhooks: null, clock: null, futureStamps: null, walk: null }
    expect(await shown()).toMatchObject(nothing)
    const registered = { publicUrl: 'https://sync.example.com', webhookRef: 'ref' }
    await beginAttempt(db, connectionId, 'try')
    await saveAttemptFacts(db, connectionId, 'try', {}, { ...registered, ...NO_HTTPS })
    await saveCrmClock(db, connectionId, -120)
    expect(await shown()).toMatchObject({
      webhooks: NO_HTTPS,
      clock: { offsetMs: -120, timesCount: true },
    })
    await saveCrmClock(db, connectionId, 3_600_000)
    expect(await shown()).toMatchObject({ clock: { offsetMs: 3_600_000, timesCount: false } })
    await forgetRegisteredWebhooks(db, connectionId)
    expect(await shown()).toMatchObject({ webhooks: null })
  })
})

describe('a connection whose CRM refuses us', () => {
  const refuse = (code = 'crm_auth_failed', reason: string | null = 'Ask for a new secret.') =>
    tripBreaker(db, {
      connectionId,
      side: 'crm',
      untilMs: Date.now() + 60_000,
      code,
      reason,
      config: settings.config,
    })

  it.each(['crm_auth_failed', 'crm_tenant_deleted'])(
    'is shown as paused by itself, since the first time (%s)',
    async (code) => {
      await refuse(code, 'The first words.')
      const { pause } = await shown()
      await refuse(code)
      expect(await shown()).toMatchObject({
        state: 'paused',
        pause: { mode: 'refused', reason: 'Ask for a new secret.', by: null, since: pause!.since },
        blocked: { crm: { code, reason: 'Ask for a new secret.', since: pause!.since } },
      })
      expect(pause!.since).toMatch(/Z$/)
    },
  )

  it('is not paused by what passes with time, and stays so when it asks to wait as well', async () => {
    await refuse('crm_rate_limited', null)
    expect(await shown()).toMatchObject({ state: 'active', pause: null })
    await refuse()
    await refuse('crm_tenant_unavailable', null)
    const pause = { mode: 'refused', reason: 'Ask for a new secret.' }
    expect(await shown()).toMatchObject({ pause, blocked: { crm: { code: 'crm_auth_failed' } } })
    await resetTimedBreaker(db, connectionId, 'crm')
    expect(await shown()).toMatchObject({ pause })
  })

  it("keeps a person's pause, and its state in set-up, and shows the refusal beside it", async () => {
    await refuse()
    await db.transaction((tx) => pauseConnection(tx, asked('a mistake'), 'all'))
    const blocked = { crm: { reason: 'Ask for a new secret.' } }
    expect(await shown()).toMatchObject({ pause: { mode: 'all', by: 'Kari' }, blocked })
    await setConnectionState(db, connectionId, 'settingUp')
    expect(await shown()).toMatchObject({ state: 'settingUp', pause: null, blocked })
  })

  it('is tried immediately when a person resumes it, who is kept as evidence', async () => {
    await refuse()
    await db.transaction((tx) => resumeConnection(tx, asked('approved again')))
    const view = await shown()
    expect(view).toMatchObject({ state: 'active', pause: null, blocked: { crm: null } })
    expect(view.decisions[0]).toMatchObject({ action: 'resume', reason: 'approved again' })
  })

  it('is tried immediately when its file was applied, but left alone where it asked to wait', async () => {
    const file = settings as unknown as ConnectionFile
    const stored = settings.config as unknown as StoredConfig
    await refuse()
    await storeConnection(db, file, stored)
    expect(await shown()).toMatchObject({ state: 'active', blocked: { crm: null } })
    await refuse('crm_rate_limited', null)
    await storeConnection(db, file, stored)
    expect(await shown()).toMatchObject({ blocked: { crm: { code: 'crm_rate_limited' } } })
  })
})

it('writes as many subscription rows a day as the file that was applied last says', async () => {
  const file = { ...settings, subscriptionRowsPerDay: 300_000 } as unknown as ConnectionFile
  const { subscriptionRowsPerDay } = await storeConnection(
    db,
    file,
    settings.config as unknown as StoredConfig,
  )
  expect(subscriptionRowsPerDay).toBe(300_000)
})

describe("a connection's life", () => {
  it('is tried immediately by a command, also where a system asked to wait, which is shown until then', async () => {
    const untilMs = Date.now() + 900_000
    const reason = 'It asked to wait 86400 seconds; we wait 15 minutes at a time.'
    const code = 'emarketeer_rate_limited'
    const side = 'emarketeer'
    const { config } = settings
    await tripBreaker(db, { connectionId, side, untilMs, code, reason, config })
    expect((await shown()).blocked.emarketeer).toMatchObject({ code, reason })
    const retry = [
      'connection',
      'retry',
      connectionId,
      '--reason',
      'mended',
      '--by',
      'Kari',
      '--json',
    ]
    const until = new Date(untilMs).toISOString()
    expect(documentOf(await runLbsync(retry, { DATABASE_URL: database.url }))).toEqual({
      connectionId,
      opened: [{ side, code, until }],
    })
    expect((await shown()).blocked.emarketeer).toBeNull()
  })

  it('is changed once by one intervention, also when its answer was lost', async () => {
    const pause = asked('a mistake')
    const resume = asked('it is fixed')
    await db.transaction((tx) => pauseConnection(tx, pause, 'all'))
    await db.transaction((tx) => resumeConnection(tx, resume))
    await db.transaction((tx) => pauseConnection(tx, pause, 'all'))
    await db.transaction((tx) => resumeConnection(tx, resume))
    expect(await shown()).toMatchObject({ state: 'active' })
  })

  it('ends a pause by being disabled, and is enabled by no set-up that ends late', async () => {
    await db.transaction((tx) => pauseConnection(tx, asked('a mistake'), 'all'))
    await setConnectionState(db, connectionId, 'active')
    expect(await shown()).toMatchObject({ state: 'paused' })
    await db.transaction((tx) => disableConnection(tx, asked('the customer left'), false))
    await setConnectionState(db, connectionId, 'active')
    expect(await shown()).toMatchObject({ state: 'disabled', pause: null })
  })

  it.each([
    ['resumed', 'connection_not_paused', () => resumeConnection],
    ['paused', 'connection_disabled', () => pauseConnection],
  ] as const)('cannot be %s once disabled', async (_, code, change) => {
    await db.transaction((tx) => disableConnection(tx, asked('the customer left'), false))
    const changing = db.transaction((tx) => change()(tx, asked('again'), 'all'))
    await expect(changing).rejects.toMatchObject({ code })
  })

  it('is not that of an account without CRM', async () => {
    await db.query(`UPDATE connections SET state = 'implicit'`)
    const disabling = db.transaction((tx) => disableConnection(tx, asked('none'), false))
    await expect(disabling).rejects.toMatchObject({ code: 'connection_not_found' })
  })
})
