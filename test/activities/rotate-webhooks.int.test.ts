import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import type { FastifyInstance } from 'fastify'
import { tidyUp } from '../../src/activities/sweep-activities.js'
import { createWebhookActivities } from '../../src/activities/webhook-rotation.js'
import { Secret } from '../../src/config/secrets/secret.js'
import { createSecretsVault } from '../../src/config/secrets/secrets-vault.js'
import { freePort } from '../../dev/embedded/start-program.js'
import { createGateway, listen } from '../../src/gateway/server.js'
import { rotateWebhookAddress } from '../../src/ledger/connection/connection-life.js'
import { findConnection } from '../../src/ledger/connection/connections.js'
import { endOverlap, retiredAddresses } from '../../src/ledger/connection/webhook-addresses.js'
import { logger } from '../../src/telemetry/logger.js'
import { FakeTemporal } from '../gateway/fake-temporal.js'
import { CONNECTION_ID } from '../sync/support/open-systems.js'
import { ACCOUNT_ID } from '../sync/support/stand-ins.js'
import { withWorld } from '../sync/support/world.js'

// Some of these tests produce failures.
Runtime.install({ logger: new DefaultLogger('ERROR') })

const connectionId = CONNECTION_ID
const world = withWorld()
const environment = new MockActivityEnvironment()
const vault = createSecretsVault([new Secret('k'.repeat(32))])

/** Every call to a hook as received, with its answer. */
const calls: {
  readonly path: string
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
}[] = []
let gateway: FastifyInstance
let publicUrl: string

beforeAll(async () => {
  const { db, systems } = world.now
  gateway = createGateway({
    systems,
    db,
    vault,
    temporal: new FakeTemporal(),
    apiKey: null,
    log: logger('gateway'),
  })
  gateway.addHook('onResponse', async ({ url, headers, body }, { statusCode }) => {
    const { 'content-type': type = '', 'x-em-secret': secret = '' } = headers
    calls.push({
      path: url,
      status: statusCode,
      headers: { 'content-type': type, 'x-em-secret': String(secret) },
      body: String(body),
    })
  })
  publicUrl = await listen(gateway, { port: 0 })
})
afterAll(() => gateway.close())

const asked = () => ({
  interventionId: randomUUID(),
  connectionId,
  reason: 'the secret was in a ticket',
  by: 'Kari',
})
const activities = (url = publicUrl) =>
  createWebhookActivities({ systems: world.now.systems, vault, publicUrl: url })
const install = async (url?: string) => {
  const installed = await environment.run(activities(url).installRotatedWebhooks, { connectionId })
  // The workflow waits until every gateway knows the address; a stranger's call makes this one read it.
  const { webhookRef } = await connection()
  await fetch(`${publicUrl}/hooks/em/${webhookRef}`, { method: 'POST' })
  return installed
}
const begin = (intervention = asked()) =>
  environment.run(activities().beginWebhookRotation, intervention)

/** Does what the workflow does, except the wait until every gateway knows the address. */
async function rotate() {
  await begin()
  return install()
}

const connection = async () => (await findConnection(world.now.db, connectionId))!
const dynamics = <T>(method: string, path: string, body?: unknown) =>
  world.now.standIns.dynamics<T>(method, path, body)
const drain = () => dynamics('POST', 'webhooks/drain')
const pausePosting = (paused: boolean) => world.now.dynamicsSwitch({ webhooks: { paused } })
/** Sends a call again, as a sender without an answer does. */
const again = ({ path, headers, body }: (typeof calls)[number]) =>
  fetch(`${publicUrl}${path}`, { method: 'POST', headers, body })
const callsTo = (side: 'crm' | 'em', ref: string) =>
  calls.filter(({ path }) => path === `/hooks/${side}/${ref}`).map(({ status }) => status)

describe('new addresses and secrets of webhooks', () => {
  it('are registered on both sides, and kept as evidence', async () => {
    await rotate()
    const before = await connection()
    expect(await rotate()).toEqual({ installed: true, reason: null })
    const after = await connection()
    expect(after.webhookRef).not.toBe(before.webhookRef)
    expect(after.emarketeerWebhookSecret).not.toBe(before.emarketeerWebhookSecret)
    expect(await world.now.systems.emarketeerOf(ACCOUNT_ID).getWebhook()).toMatchObject({
      url: `${publicUrl}/hooks/em/${after.webhookRef}`,
      status: 'active',
    })
    const kept = await world.now.db.query(
      `SELECT subject, action, reason, by_whom AS by FROM overrides ORDER BY recorded_at DESC LIMIT 1`,
    )
    const { reason, by } = asked()
    expect(kept).toEqual([{ subject: 'webhooks', action: 'rotateWebhooks', reason, by }])
    calls.length = 0
    const ann = await world.now.linked()
    await ann.flip('deny')
    await drain()
    await world.now.sweep()
    expect(new Set(callsTo('crm', after.webhookRef))).toEqual(new Set([202]))
    expect(callsTo('crm', before.webhookRef)).toEqual([])
    const toEm = callsTo('em', after.webhookRef)
    expect(toEm.length).toBeGreaterThan(0)
    expect(new Set(toEm)).toEqual(new Set([202]))
  })

  it('lose no event that is under way to the former ones', async () => {
    await rotate()
    const former = await connection()
    const [ann, bo, cy] = [
      await world.now.linked(),
      await world.now.linked(),
      await world.now.linked(),
    ]
    await drain()
    calls.length = 0
    await ann.flip('deny')
    await drain()
    await begin()
    await bo.flip('deny')
    await drain()
    await pausePosting(true)
    await cy.flip('deny')
    await install()
    await pausePosting(false)
    await drain()
    const fresh = await connection()
    expect(callsTo('crm', former.webhookRef)).toEqual([202, 202])
    expect(callsTo('crm', fresh.webhookRef)).toEqual([202])
    expect(await dynamics('GET', 'webhooks')).toMatchObject({ failed: 0 })
    // With both the former address and the former secret, after the new ones are registered.
    const [late] = calls
    expect(late?.headers['x-em-secret']).not.toBe(calls.at(-1)?.headers['x-em-secret'])
    expect((await again(late!)).status).toBe(202)
    const denies = await world.now.db.query<{ id: string }>(
      `SELECT DISTINCT crm_contact_id AS id FROM inbox WHERE says_deny AND crm_contact_id = ANY($1)`,
      [[...ann.crmIds, ...bo.crmIds, ...cy.crmIds]],
    )
    expect(denies).toHaveLength(3)
  })

  it('end the former address a day after they were registered', async () => {
    await rotate()
    const { webhookRef } = await connection()
    await begin()
    const until = async () =>
      (await retiredAddresses(world.now.db, connectionId)).find(
        (address) => address.webhookRef === webhookRef,
      )?.acceptedUntil
    expect(await until()).toBeNull()
    await install()
    const hours = ((await until())!.getTime() - Date.now()) / 3_600_000
    expect(hours).toBeGreaterThan(23.9)
    expect(hours).toBeLessThan(24.1)
    await world.now.db.query(
      `UPDATE retired_webhook_refs SET accepted_until = now() WHERE webhook_ref = $1`,
      [webhookRef],
    )
    const late = await fetch(`${publicUrl}/hooks/crm/${webhookRef}`, { method: 'POST' })
    expect(late.status).toBe(401)
  })

  it('go on with the former one that is still registered, where it was replaced meanwhile', async () => {
    await rotate()
    const registered = await connection()
    // A file is applied again, or a rotation registers late, after another rotation has begun.
    await begin()
    await endOverlap(world.now.db, connectionId, registered.webhookRef)
    const [former] = await retiredAddresses(world.now.db, connectionId)
    expect(former).toEqual({ webhookRef: registered.webhookRef, acceptedUntil: null })
    await install()
    const [ended] = await retiredAddresses(world.now.db, connectionId)
    expect(ended?.acceptedUntil).not.toBeNull()
  })

  it('heal by the sweep where a secret was made and not stored', async () => {
    await rotate()
    const emarketeer = world.now.systems.emarketeerOf(ACCOUNT_ID)
    // The state that a killed worker leaves. eMarketeer also signs with the previous secret for 24 hours.
    await emarketeer.rotateWebhookSecret()
    const { secret } = await emarketeer.rotateWebhookSecret()
    const known = async () => {
      const { emarketeerWebhookSecret } = await connection()
      return vault.open(emarketeerWebhookSecret!, {
        connectionId,
        field: 'emarketeer.webhookSecret',
      })
    }
    expect(await known()).not.toBe(secret)
    const signal = new AbortController().signal
    const untidy = await tidyUp(world.now.systems, { connectionId, workflowId: 'w', signal })
    expect(untidy).toEqual([])
    expect(await known()).toBe(secret)
  })

  it('asked for twice by one intervention are one', async () => {
    const intervention = asked()
    await begin(intervention)
    const { webhookRef } = await connection()
    await begin(intervention)
    expect((await connection()).webhookRef).toBe(webhookRef)
    await install()
  })

  it('are not registered while the gateway does not answer, and the former ones go on', async () => {
    await rotate()
    const former = await connection()
    await begin()
    const away = `http://127.0.0.1:${await freePort()}`
    await expect(install(away)).rejects.toMatchObject({ type: 'gateway_unreachable' })
    calls.length = 0
    const ann = await world.now.linked()
    await ann.flip('deny')
    await drain()
    expect(new Set(callsTo('crm', former.webhookRef))).toEqual(new Set([202]))
    await install()
  })

  it('are refused while the connection is set up, and where there is none', async () => {
    const { db } = world.now
    const tried = (given = asked()) => db.transaction((tx) => rotateWebhookAddress(tx, given))
    await db.query(`UPDATE connections SET state = 'settingUp'`)
    await expect(tried()).rejects.toMatchObject({ code: 'connection_setting_up' })
    await db.query(`UPDATE connections SET state = 'active'`)
    await expect(tried({ ...asked(), connectionId: 'nobody' })).rejects.toMatchObject({
      code: 'connection_not_found',
    })
  })
})
