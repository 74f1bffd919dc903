import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { MockActivityEnvironment } from '@temporalio/testing'
import { onConnection } from '../../src/activities/perform.js'
import { pauseOf, shownState } from '../../src/app/connection/view-parts.js'
import { Secret } from '../../src/config/secrets/secret.js'
import { createSecretsVault } from '../../src/config/secrets/secrets-vault.js'
import type { Trigger } from '../../src/contracts/names.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import {
  findConnection,
  saveConnection,
  setConnectionState,
} from '../../src/ledger/connection/connections.js'
import { tripBreaker, resetBreaker } from '../../src/ledger/connection/breakers.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { Systems } from '../../src/connection/systems.js'
import { withDatabase } from '../support/with-database.js'
import { dynamicsStand, superOfficeStand, type RefusingStand } from './support/refusing-stand.js'

const connectionId = 'acme'
const TRIGGERS: readonly Trigger[] = ['sweep', 'webhook', 'preSend', 'manual']
/** Activities that start at the same moment. */
const MANY = 40

describe.each<[string, () => Promise<RefusingStand>, RegExp]>([
  ['Dynamics', dynamicsStand, /client secret has expired.*AADSTS7000222/],
  ['SuperOffice Online', () => superOfficeStand('online'), /administrator.*withdrawn its approval/],
  ['SuperOffice on site', () => superOfficeStand('onsite'), /user name and password/],
])('%s refuses us', (_name, start, words) => {
  const database = withDatabase()
  let stand: RefusingStand
  let db: Database
  let workers: readonly Systems[]

  beforeAll(async () => {
    stand = await start()
    db = openDatabase(database.url, { maxConnections: 8 })
    await apply()
    await setConnectionState(db, connectionId, 'active')
    workers = [newWorker(), newWorker()]
  }, 480_000)

  afterAll(async () => {
    workers.forEach((systems) => systems.close())
    await db.close()
    await stand.close()
  })

  function newWorker(): Systems {
    const nowhere = 'http://127.0.0.1:9'
    return new Systems({
      db,
      drivers: CRM_DRIVERS,
      vault: createSecretsVault([new Secret('k'.repeat(32))]),
      variables: stand.variables,
      emarketeer: { syncUrl: nowhere, apiKey: 'none', connectUrl: nowhere },
      allowLoopbackHttp: true,
    })
  }

  async function apply(changes: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const { crm, sectionName, section, secrets } = stand
    const settings = {
      connectionId,
      accountId: '1001',
      crm,
      legalBasisSync: true,
      subscriptionSync: false,
      createMissing: 'none',
      newlyMailableLimit: 100,
      subscriptionRowsPerDay: 100,
    } as const
    const config = { ...settings, sectionName, section: { ...section, ...changes }, secrets }
    await saveConnection(db, { ...settings, config })
  }

  /**
   * Sweeps, webhooks, sendouts and resyncs on two workers, all started together. @returns how each ended, without
   * repeats.
   */
  async function manyAtOnce(): Promise<{ readonly ends: unknown[]; readonly requests: number }> {
    const before = await stand.requests()
    const ends = await Promise.allSettled(Array.from({ length: MANY }, (_, n) => work(n)))
    const told = ends.map((end) =>
      end.status === 'fulfilled' ? 'done' : (end.reason as { type?: string }).type,
    )
    return { ends: [...new Set(told)], requests: (await stand.requests()) - before }
  }

  function work(n: number): Promise<unknown> {
    const run = { connectionId, runId: randomUUID(), tier: TRIGGERS[n % TRIGGERS.length]! }
    const read = () =>
      onConnection(workers[n % workers.length]!, run, ({ crm, call }) =>
        crm!.client.read({ by: 'email', emails: ['a@example.com'] }, call),
      )
    return new MockActivityEnvironment().run(read)
  }

  /** Makes five minutes pass. */
  function theTimeComes(): Promise<unknown> {
    return db.query(`UPDATE connections SET crm_blocked_until = now() - interval '1 second'`)
  }

  async function shown() {
    const connection = (await findConnection(db, connectionId))!
    return { state: shownState(connection), pause: pauseOf(connection, null) }
  }

  it('is tried once in five minutes whoever asks, is described in words, and ends with the first sign-in', async () => {
    expect((await manyAtOnce()).ends).toEqual(['done'])
    expect(await shown()).toEqual({ state: 'active', pause: null })
    await stand.refuse()

    // Work in progress at that moment may get the refusal itself, once.
    const first = await manyAtOnce()
    expect(first.ends).toEqual(['crm_auth_failed'])
    expect(first.requests).toBeLessThanOrEqual(MANY)
    const reason: unknown = expect.stringMatching(words)
    const { state, pause } = await shown()
    expect({ state, pause }).toMatchObject({ state: 'paused', pause: { mode: 'refused', reason } })
    expect(await manyAtOnce()).toEqual({ ends: ['crm_auth_failed'], requests: 0 })

    await theTimeComes()
    expect(await manyAtOnce()).toEqual({ ends: ['crm_auth_failed'], requests: 1 })
    expect(await manyAtOnce()).toEqual({ ends: ['crm_auth_failed'], requests: 0 })
    expect((await shown()).pause).toMatchObject({ mode: 'refused', reason, since: pause!.since })

    await stand.letIn()
    await theTimeComes()
    expect((await manyAtOnce()).ends).toEqual(['done'])
    expect(await shown()).toEqual({ state: 'active', pause: null })
  })

  it('goes on being paused while a try is not answered, and tries again a minute later', async () => {
    await stand.refuse()
    await manyAtOnce()
    await stand.goSilent()
    await theTimeComes()
    const silent = await manyAtOnce()
    expect(silent.ends.sort()).toEqual(['crm_auth_failed', 'crm_unreachable'])
    expect(silent.requests).toBeLessThanOrEqual(2)
    expect(await manyAtOnce()).toEqual({ ends: ['crm_auth_failed'], requests: 0 })
    expect(await shown()).toMatchObject({ state: 'paused', pause: { mode: 'refused' } })
    const until = (await findConnection(db, connectionId))!.crmBlockedUntil!
    expect(until.getTime() - Date.now()).toBeLessThanOrEqual(60_000)
    await stand.letIn()
    await theTimeComes()
    expect((await manyAtOnce()).ends).toEqual(['done'])
  })

  it('is tried by the next one where whoever tried has died', async () => {
    await stand.refuse()
    await manyAtOnce()
    await db.query(`UPDATE connections SET crm_probed_at = now() - interval '2 minutes'`)
    expect(await manyAtOnce()).toEqual({ ends: ['crm_auth_failed'], requests: 0 })
    await theTimeComes()
    expect(await manyAtOnce()).toEqual({ ends: ['crm_auth_failed'], requests: 1 })
    await stand.letIn()
    await theTimeComes()
    expect((await manyAtOnce()).ends).toEqual(['done'])
  })

  it('does not close the gate for what settings met that were replaced meanwhile', async () => {
    const { config } = (await findConnection(db, connectionId))!
    await apply({ replaced: true })
    const code = 'crm_auth_failed'
    const untilMs = Date.now() + 60_000
    const closing = { connectionId, side: 'crm', untilMs, code, reason: 'old', config } as const
    await tripBreaker(db, closing)
    expect(await shown()).toEqual({ state: 'active', pause: null })
    await apply()
    await tripBreaker(db, closing)
    expect(await shown()).toMatchObject({ state: 'paused', pause: { reason: 'old' } })
    await resetBreaker(db, connectionId, 'crm')
  })
})
