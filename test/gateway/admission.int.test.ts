import { randomBytes } from 'node:crypto'
import { Socket } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import {
  ensureImplicitConnection,
  saveEmarketeerWebhookSecret,
} from '../../src/ledger/connection/connections.js'
import { vault, withGateway } from './gateway-fixture.js'
import {
  hookedConnection,
  inboxOf,
  outcome,
  post,
  postAsDataverse,
  postAsEmarketeer,
} from './senders.js'

const gateway = withGateway()

describe('a webhook address', () => {
  it.each(['paused', 'settingUp'] as const)(
    'of a connection that is %s stores and wakes nobody',
    async (state) => {
      const { url, db, temporal, close } = gateway.now
      const hooked = await hookedConnection(db, state)
      expect((await postAsDataverse(url, hooked)).status).toBe(202)
      expect(await inboxOf(db, hooked)).toHaveLength(1)
      await close()
      expect(temporal.signals).toEqual([])
    },
  )

  it('of a disabled connection is gone', async () => {
    const { url, db } = gateway.now
    const hooked = await hookedConnection(db, 'disabled')
    expect(await outcome(postAsDataverse(url, hooked))).toEqual([410, 'connection_disabled'])
    expect(await inboxOf(db, hooked)).toEqual([])
  })

  it('of an account without CRM is none', async () => {
    const { url, db } = gateway.now
    const { webhookRef } = await ensureImplicitConnection(db, 'solo')
    const refused = outcome(post({ url: `${url}/hooks/em/${webhookRef}` }))
    expect(await refused).toEqual([401, 'webhook_unauthorized'])
  })

  it('takes 200 calls in a burst and as many again a second later', async () => {
    let nowMs = 0
    const { db } = gateway.now
    const [flooded, quiet] = [await hookedConnection(db), await hookedConnection(db)]
    const { url } = await gateway.start({ nowMs: () => nowMs })
    const flood = () =>
      Promise.all(Array.from({ length: 205 }, () => postAsDataverse(url, flooded)))
    for (nowMs of [0, 1_000]) {
      const refused = (await flood()).filter(({ status }) => status !== 202)
      expect(refused).toHaveLength(5)
      expect([refused[0]?.status, refused[0]?.headers.get('retry-after')]).toEqual([503, '1'])
      expect(await refused[0]?.json()).toMatchObject({ error: { code: 'webhooks_too_fast' } })
    }
    expect((await postAsDataverse(url, quiet)).status).toBe(202)
  })

  it('cannot be guessed quickly, and guessing does not slow down those who know one', async () => {
    const { url, db } = await gateway.start({ nowMs: () => 0 })
    const hooked = await hookedConnection(db)
    expect((await postAsDataverse(url, hooked)).status).toBe(202)
    const refused = await Promise.all(
      Array.from({ length: 7 }, (_, n) =>
        outcome(post({ url: `${url}/hooks/crm/${String(n).padStart(32, 'x')}` })),
      ),
    )
    // The first call, to an address created after the start, was one of the five that may be looked up.
    expect(refused.map(([status]) => status).sort()).toEqual([401, 401, 401, 401, 503, 503, 503])
    expect(refused).toContainEqual([503, 'webhook_not_judged'])
    expect((await postAsDataverse(url, hooked)).status).toBe(202)
  })

  it('that is no address is refused without a look', async () => {
    const { url } = await gateway.start({ nowMs: () => 0 })
    for (let n = 0; n < 7; n += 1) {
      expect((await post({ url: `${url}/hooks/em/short` })).status).toBe(401)
    }
  })

  it('whose secret is new is believed with it immediately, as the database has it', async () => {
    const { url, db } = gateway.now
    const hooked = await hookedConnection(db)
    expect((await postAsEmarketeer(url, hooked)).status).toBe(202)
    const { connectionId } = hooked.row
    const secret = `whsec_${randomBytes(24).toString('base64')}`
    const sealed = vault.seal(secret, { connectionId, field: 'emarketeer.webhookSecret' })
    await saveEmarketeerWebhookSecret(db, connectionId, sealed)
    expect((await postAsEmarketeer(url, hooked, { secret })).status).toBe(202)
    expect(await outcome(postAsEmarketeer(url, hooked))).toEqual([401, 'webhook_unauthorized'])
  })

  it('reports that its connection is disabled to nobody but the sender', async () => {
    const { url, db } = gateway.now
    const hooked = await hookedConnection(db, 'disabled')
    const wrong = postAsDataverse(url, hooked, { headers: { 'x-em-secret': 'guess' } })
    expect(await outcome(wrong)).toEqual([401, 'webhook_unauthorized'])
  })
})

describe('any address', () => {
  it('that is unknown, or no HTTP at all, is answered with a document', async () => {
    const { url } = gateway.now
    expect(await outcome(fetch(`${url}/nothing`))).toEqual([404, 'route_not_found'])
    expect(await outcome(fetch(`${url}/%zz`))).toEqual([400, 'request_malformed'])
    const socket = new Socket()
    socket.connect(Number(new URL(url).port), '127.0.0.1')
    socket.write('BREW / COFFEE\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 .*"code":"request_malformed"/s)
    socket.destroy()
  })

  it('reveals nothing of what serves it, and is not kept by caches', async () => {
    const { headers } = await fetch(`${gateway.now.url}/healthz`)
    expect(headers.get('cache-control')).toBe('no-store')
    expect([headers.get('server'), headers.get('x-powered-by')]).toEqual([null, null])
  })

  it('has time limits on slow senders', () => {
    const { server } = gateway.now.app
    expect(server.headersTimeout).toBe(10_000)
    expect(server.requestTimeout).toBe(15_000)
    expect(server.keepAliveTimeout).toBe(5_000)
  })

  it('says that it lives, is ready, and which version it is', async () => {
    const { url } = gateway.now
    const documents = await Promise.all(
      ['healthz', 'readyz', 'version'].map(async (path) => (await fetch(`${url}/${path}`)).json()),
    )
    expect(documents).toEqual([
      { status: 'ok', service: 'legal-basis-sync' },
      { ready: true, database: 'up', temporal: 'up' },
      { name: 'legal-basis-sync', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
    ])
  })
})
