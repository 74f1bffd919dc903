import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { saveEmarketeerWebhookSecret } from '../../src/ledger/connection/connections.js'
import { handleEchoes } from '../../src/ledger/run/echoes.js'
import { blockOf } from '../support/documents.js'
import { vault, withGateway } from './gateway-fixture.js'
import {
  emarketeerChange,
  hookedConnection,
  inboxOf,
  outcome,
  post,
  postAsEmarketeer,
} from './senders.js'

const gateway = withGateway()

describe("eMarketeer's webhook", () => {
  it('is stored as the hint that the feed has something new, once', async () => {
    const { url, db, temporal, close } = gateway.now
    const hooked = await hookedConnection(db)
    const id = `chg_${randomUUID()}`
    expect((await postAsEmarketeer(url, hooked, { id })).status).toBe(202)
    expect((await postAsEmarketeer(url, hooked, { id })).status).toBe(202)
    const inbox = await inboxOf(db, hooked)
    expect(inbox).toEqual([
      {
        source: 'emarketeer',
        entity: 'change',
        entityId: id,
        crmContactId: null,
        saysDeny: false,
        actorUserId: null,
        eventId: id,
        shard: expect.any(Number),
      },
    ])
    await close()
    const workflowId = `inbox/${hooked.row.connectionId}/${String(inbox[0]?.['shard'])}`
    expect(new Set(temporal.signalledIds)).toEqual(new Set([workflowId]))
  })

  it('about a write of ours is accepted, stored once and wakes nobody', async () => {
    const { url, db, temporal, close } = gateway.now
    const hooked = await hookedConnection(db)
    const { connectionId } = hooked.row
    const id = `chg_${randomUUID()}`
    await db.transaction((tx) => handleEchoes(tx, connectionId, [id]))
    expect((await postAsEmarketeer(url, hooked, { id })).status).toBe(202)
    expect(await inboxOf(db, hooked)).toHaveLength(1)
    await close()
    expect(temporal.signalledIds.filter((one) => String(one).includes(connectionId))).toEqual([])
  })

  it('is tried out as docs/gateway.md shows', async () => {
    const { url, db } = gateway.now
    const { row, emarketeerSecret } = await hookedConnection(db, 'active', '1001')
    const delivery = await blockOf('docs/gateway.md', 'sh', 'SIGNATURE=')
    const env = {
      ...process.env,
      PUBLIC_URL: url,
      REF: row.webhookRef,
      SECRET: emarketeerSecret,
    }
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', delivery], { env })
    expect(stdout).toMatch(/^HTTP\/1\.1 202 /)
  })

  it('spreads changes over the shards', async () => {
    const { url, db } = gateway.now
    const hooked = await hookedConnection(db)
    // A burst to an address that the gateway has not met is answered 503, to be sent again.
    await postAsEmarketeer(url, hooked, { id: 'chg_first' })
    await Promise.all(
      Array.from({ length: 32 }, (_, n) => postAsEmarketeer(url, hooked, { id: `chg_${n}` })),
    )
    const shards = (await inboxOf(db, hooked)).map(({ shard }) => shard)
    expect([...new Set(shards)].sort()).toEqual([0, 1, 2, 3])
  })

  it.each([
    ['another secret', { secret: `whsec_${'A'.repeat(32)}` }],
    ['no signature', { sign: false }],
    ['an old timestamp', { atMs: Date.now() - 6 * 60_000 }],
    ['a timestamp ahead', { atMs: Date.now() + 6 * 60_000 }],
  ])('with %s is refused', async (_what, call) => {
    const { url, db } = gateway.now
    const hooked = await hookedConnection(db)
    const refused = outcome(postAsEmarketeer(url, hooked, call))
    expect(await refused).toEqual([401, 'webhook_unauthorized'])
    expect(await inboxOf(db, hooked)).toEqual([])
  })

  it('of another account, or with another body than a change, is refused', async () => {
    const { url, db } = gateway.now
    const hooked = await hookedConnection(db)
    const foreign = emarketeerChange(hooked, 'chg_1')
    foreign.data['accountId'] = 'somebody-else'
    const refusals = await Promise.all([
      outcome(postAsEmarketeer(url, hooked, { id: 'chg_1', body: foreign })),
      outcome(postAsEmarketeer(url, hooked, { body: '{"type":' })),
      outcome(postAsEmarketeer(url, hooked, { body: [] })),
    ])
    expect(refusals).toEqual([
      [403, 'webhook_wrong_organization'],
      [400, 'webhook_malformed'],
      [400, 'webhook_malformed'],
    ])
    expect(await inboxOf(db, hooked)).toEqual([])
  })

  it("signed with another connection's secret is refused", async () => {
    const { url, db } = gateway.now
    const [ours, theirs] = [await hookedConnection(db), await hookedConnection(db)]
    const refused = outcome(postAsEmarketeer(url, ours, { secret: theirs.emarketeerSecret }))
    expect(await refused).toEqual([401, 'webhook_unauthorized'])
  })

  it('opens no secret that was sealed for another connection', async () => {
    const { url, db, lines } = gateway.now
    const [ours, theirs] = [await hookedConnection(db), await hookedConnection(db)]
    const moved = { connectionId: theirs.row.connectionId, field: 'emarketeer.webhookSecret' }
    const sealed = vault.seal(ours.emarketeerSecret, moved)
    await saveEmarketeerWebhookSecret(db, ours.row.connectionId, sealed)
    const [status] = await outcome(postAsEmarketeer(url, ours))
    expect(status).toBe(500)
    expect(lines.join()).not.toContain(ours.emarketeerSecret)
    expect(await inboxOf(db, ours)).toEqual([])
  })

  it('at an address that does not exist is refused', async () => {
    const refused = outcome(post({ url: `${gateway.now.url}/hooks/em/${'x'.repeat(32)}` }))
    expect(await refused).toEqual([401, 'webhook_unauthorized'])
  })
})
