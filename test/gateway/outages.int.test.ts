import { describe, expect, it } from '@jest/globals'
import { withGateway } from './gateway-fixture.js'
import { freePort } from '../../dev/embedded/start-program.js'
import { toDatabaseError } from '../../src/ledger/db/database-error.js'
import {
  dataverseEvent,
  hookedConnection,
  inboxOf,
  outcome,
  post,
  postAsDataverse,
} from './senders.js'

const gateway = withGateway()

describe('while something is away', () => {
  it('without its database takes nothing, and asks the sender to come again', async () => {
    const databaseUrl = `postgres://nobody@127.0.0.1:${await freePort()}/none`
    const { url, temporal, close } = await gateway.start({ databaseUrl })
    const answer = await post({ url: `${url}/hooks/crm/${'x'.repeat(32)}` })
    expect(answer.status).toBe(503)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await answer.json()).toMatchObject({ error: { code: 'database_unreachable' } })
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    const ready = await fetch(`${url}/readyz`)
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { ready: false, database: 'down', temporal: 'up' },
    ])
    await close()
    expect(temporal.signals).toEqual([])
  })

  it('takes nothing when the database is lost between look-up and storing', async () => {
    const { url, db, temporal, close } = gateway.now
    const hooked = await hookedConnection(db)
    const query = db.query.bind(db)
    const lost = Object.assign(new Error('gone'), { code: '57P01' })
    db.query = async (sql, values) => {
      if (sql.includes('INSERT INTO inbox')) {
        throw toDatabaseError(lost)
      }
      return query(sql, values)
    }
    expect(await outcome(postAsDataverse(url, hooked))).toEqual([503, 'database_unreachable'])
    db.query = query
    expect(await inboxOf(db, hooked)).toEqual([])
    await close()
    expect(temporal.signals).toEqual([])
  })

  it('without Temporal keeps the hint, says so in the log, and signals it with the next one', async () => {
    const { url, db, temporal, codes, close } = gateway.now
    const hooked = await hookedConnection(db)
    temporal.away = true
    expect((await postAsDataverse(url, hooked)).status).toBe(202)
    expect(await inboxOf(db, hooked)).toHaveLength(1)
    const ready = await fetch(`${url}/readyz`)
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { ready: false, database: 'up', temporal: 'down' },
    ])
    expect(codes()).toContain('temporal_unreachable')
    temporal.away = false
    expect((await postAsDataverse(url, hooked)).status).toBe(202)
    const shards = new Set((await inboxOf(db, hooked)).map(({ shard }) => shard))
    await close()
    expect(new Set(temporal.signalledIds)).toEqual(
      new Set([...shards].map((shard) => `inbox/${hooked.row.connectionId}/${String(shard)}`)),
    )
  })

  it('signals again by itself when Temporal is back', async () => {
    const { url, db, temporal, codes, close } = gateway.now
    const hooked = await hookedConnection(db)
    temporal.away = true
    expect((await postAsDataverse(url, hooked)).status).toBe(202)
    expect(codes()).toContain('temporal_unreachable')
    const heard = temporal.nextSignal()
    temporal.away = false
    await heard
    await close()
    expect(temporal.signals).toHaveLength(1)
  })

  it('a Temporal that is slow keeps no sender waiting, and gets one signal for many hints', async () => {
    const { url, db, temporal, close } = gateway.now
    const hooked = await hookedConnection(db)
    let open = (): void => undefined
    temporal.gate = new Promise((resolve) => (open = resolve))
    const contactId = hooked.organizationId
    for (let n = 0; n < 5; n++) {
      const body = { ...dataverseEvent(hooked), PrimaryEntityId: contactId }
      expect((await postAsDataverse(url, hooked, { body })).status).toBe(202)
    }
    expect(await inboxOf(db, hooked)).toHaveLength(5)
    open()
    await close()
    expect(temporal.signals).toHaveLength(2)
  })
})
