import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { connectTemporal } from '../../src/config/temporal/temporal.js'
import { CHANGE_TYPES } from '../../src/emarketeer/index.js'
import { lazyTemporal } from '../../src/gateway/temporal-access.js'
import { saveEmarketeerWebhookSecret } from '../../src/ledger/connection/connections.js'
import { startStandIn, type StandIn } from '../emarketeer/stand-in.js'
import { withTemporal } from '../support/with-temporal.js'
import { vault, withGateway } from './gateway-fixture.js'
import { hookedConnection, inboxOf, postAsDataverse } from './senders.js'

const temporal = withTemporal()
const gateway = withGateway()

describe('with a real Temporal', () => {
  it('a hint starts the inbox workflow, and signals it', async () => {
    const { address, namespace, client } = temporal
    const variables = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace }
    let connects = 0
    const realTemporal = lazyTemporal(() => {
      connects += 1
      return connectTemporal(variables)
    })
    const { url, db, close } = await gateway.start({ realTemporal })
    expect(connects).toBe(0)
    const hooked = await hookedConnection(db)
    expect((await postAsDataverse(url, hooked)).status).toBe(202)
    const [hint] = await inboxOf(db, hooked)
    const ready = await fetch(`${url}/readyz`)
    expect(await ready.json()).toEqual({ ready: true, database: 'up', temporal: 'up' })
    await close()
    expect(connects).toBe(1)
    const { connectionId } = hooked.row
    const handle = client.workflow.getHandle(`inbox/${connectionId}/${String(hint?.['shard'])}`)
    expect(await handle.describe()).toMatchObject({
      type: 'contactInbox',
      taskQueue: 'webhook',
      status: { name: 'RUNNING' },
      priority: { priorityKey: 1, fairnessKey: connectionId },
      searchAttributes: {
        ConnectionId: [connectionId],
        Crm: ['dynamics'],
        Phase: ['running'],
        Tier: ['webhook'],
      },
    })
    const { events } = await handle.fetchHistory()
    expect(events?.filter((event) => event.workflowExecutionSignaledEventAttributes)).toHaveLength(
      1,
    )
    expect(JSON.stringify(events)).not.toContain(String(hint?.['entityId']))
  })
})

describe('with a Temporal that does not know the namespace', () => {
  it('is not ready', async () => {
    const variables = { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: 'nope' }
    const realTemporal = lazyTemporal(() => connectTemporal(variables))
    const { url, close } = await gateway.start({ realTemporal })
    const ready = await fetch(`${url}/readyz`)
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { ready: false, database: 'up', temporal: 'down' },
    ])
    await close()
  })
})

describe('with the stand-in of eMarketeer', () => {
  let standIn: StandIn
  beforeAll(async () => {
    standIn = await startStandIn()
  })
  afterAll(() => standIn.close())

  it('what it posts is believed, and named by the id that its feed has', async () => {
    const { url, db, temporal: signals } = gateway.now
    const hooked = await hookedConnection(db)
    const { connectionId, webhookRef } = hooked.row
    await db.query(`UPDATE connections SET account_id = '1001' WHERE connection_id = $1`, [
      connectionId,
    ])
    const { secret } = await standIn.client.putWebhook(
      { url: `${url}/hooks/em/${webhookRef}`, events: CHANGE_TYPES },
      {},
    )
    const sealed = vault.seal(secret, { connectionId, field: 'emarketeer.webhookSecret' })
    await saveEmarketeerWebhookSecret(db, connectionId, sealed)
    const signalled = signals.nextSignal()
    await standIn.at('contacts', { email: 'ann@example.com' })
    await signalled
    const feed = await standIn.control.lines<{ id: string }>('accounts/1001/feed')
    const hints = await inboxOf(db, hooked)
    expect(hints.length).toBeGreaterThan(0)
    const known = new Set(feed.map(({ id }) => id))
    expect(hints.every(({ entityId }) => known.has(String(entityId)))).toBe(true)
  })
})
