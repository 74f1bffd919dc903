import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { findConnection } from '../../src/ledger/connection/connections.js'
import { withGateway } from './gateway-fixture.js'
import {
  dataverseEvent,
  hookedConnection,
  inboxOf,
  outcome,
  post,
  postAsDataverse,
} from './senders.js'

const gateway = withGateway()

describe("a CRM's webhook", () => {
  it('is stored as ids, and wakes the inbox of its shard', async () => {
    const { url, db, temporal, lines, close } = gateway.now
    const hooked = await hookedConnection(db)
    const { connectionId } = hooked.row
    const event = dataverseEvent(hooked)
    const answer = await postAsDataverse(url, hooked, { body: event })
    expect(answer.status).toBe(202)
    const [hint, ...others] = await inboxOf(db, hooked)
    expect(others).toEqual([])
    expect(hint).toMatchObject({
      source: 'crm',
      entity: 'contact',
      entityId: event.PrimaryEntityId,
      crmContactId: event.PrimaryEntityId,
      saysDeny: true,
      actorUserId: event.InitiatingUserId,
      eventId: event.OperationId,
    })
    expect(lines.join()).not.toContain('canary')
    await close()
    expect(temporal.signals).toMatchObject([
      {
        type: 'contactInbox',
        options: {
          workflowId: `inbox/${connectionId}/${hint!['shard'] as number}`,
          taskQueue: 'webhook',
          args: [{ connectionId, shard: hint!['shard'] }],
          signal: 'changed',
          priority: { priorityKey: 1, fairnessKey: connectionId },
        },
      },
    ])
    expect(JSON.stringify(temporal.signals)).toContain('dynamics')
  })

  it('that comes twice is stored once, and wakes the inbox again', async () => {
    const { url, db, temporal, close } = gateway.now
    const hooked = await hookedConnection(db)
    const body = dataverseEvent(hooked)
    expect((await postAsDataverse(url, hooked, { body })).status).toBe(202)
    expect((await postAsDataverse(url, hooked, { body })).status).toBe(202)
    expect(await inboxOf(db, hooked)).toHaveLength(1)
    await close()
    expect(temporal.signals).toHaveLength(2)
  })

  it('that only repeats a write of ours is accepted, not stored, and wakes nobody', async () => {
    const { url, db, temporal, close } = gateway.now
    const hooked = await hookedConnection(db)
    const { connectionId } = hooked.row
    const { facts } = (await findConnection(db, connectionId))!
    const { userId } = facts['organization'] as { userId: string }
    const contactId = randomUUID()
    const write = async (value: string, lastWriter: string) => {
      const consents = { marketingSendouts: { value, version: '1', lastWriter } }
      await db.query(
        `INSERT INTO crm_contacts (connection_id, crm_contact_id, state, consents, read_from, read_to)
          VALUES ($1, $2, 'live', $3, 0, 0)
          ON CONFLICT (connection_id, crm_contact_id) DO UPDATE SET consents = excluded.consents`,
        [connectionId, contactId, JSON.stringify(consents)],
      )
    }
    const Attributes = [{ key: 'donotbulkemail', value: true }]
    const told = async (changes: Record<string, unknown> = {}) => {
      const body = dataverseEvent(hooked, {
        PrimaryEntityId: contactId,
        InitiatingUserId: userId,
        UserId: userId,
        Depth: 1,
        InputParameters: [{ key: 'Target', value: { Attributes } }],
        ...changes,
      })
      expect((await postAsDataverse(url, hooked, { body })).status).toBe(202)
      return (await inboxOf(db, hooked)).map((hint) => hint['saysDeny'])
    }
    await write('deny', 'us')
    expect(await told()).toEqual([])
    await write('allow', 'us')
    expect(await told()).toEqual([false])
    await write('deny', 'unknown')
    expect(await told()).toEqual([false, false])
    await write('deny', 'us')
    expect(await told({ Depth: 2 })).toEqual([false, false, true])
    await close()
    expect(temporal.signals).toHaveLength(3)
  })

  it('without an id of its own gets one by which it is known again', async () => {
    const { url, db } = gateway.now
    const hooked = await hookedConnection(db)
    const body = dataverseEvent(hooked, { OperationId: null })
    await postAsDataverse(url, hooked, { body })
    await postAsDataverse(url, hooked, { body })
    await postAsDataverse(url, hooked, { body: { ...body, Depth: 2 } })
    expect(await inboxOf(db, hooked)).toHaveLength(2)
  })

  it.each([
    ['a wrong secret', { headers: { 'x-em-secret': 'guess' } }, 401, 'webhook_unauthorized'],
    ['no JSON', { body: '{"OrganizationId":' }, 400, 'webhook_malformed'],
    ['no body', { body: '' }, 400, 'webhook_malformed'],
    [
      'another content type',
      { headers: { 'content-type': 'text/plain' } },
      415,
      'media_type_not_supported',
    ],
    ['compression', { headers: { 'content-encoding': 'gzip' } }, 415, 'media_type_not_supported'],
  ])('with %s is refused', async (_what, call, status, code) => {
    const { url, db, temporal, codes, close } = gateway.now
    const hooked = await hookedConnection(db)
    expect(await outcome(postAsDataverse(url, hooked, call))).toEqual([status, code])
    expect(await inboxOf(db, hooked)).toEqual([])
    expect(codes()).toEqual([code])
    await close()
    expect(temporal.signals).toEqual([])
  })

  it('of another organisation is refused', async () => {
    const { url, db } = gateway.now
    const hooked = await hookedConnection(db)
    const body = dataverseEvent(hooked, { OrganizationId: randomUUID() })
    const refused = outcome(postAsDataverse(url, hooked, { body }))
    expect(await refused).toEqual([403, 'webhook_wrong_organization'])
    expect(await inboxOf(db, hooked)).toEqual([])
  })

  it('at an address that does not exist says as little as one with a wrong secret', async () => {
    const { url, db } = gateway.now
    const hooked = await hookedConnection(db)
    const headers = { 'x-em-secret': hooked.crmSecret }
    const texts = await Promise.all(
      ['x'.repeat(32), 'short', hooked.row.webhookRef].map(async (ref) => {
        const secret = ref === hooked.row.webhookRef ? { 'x-em-secret': 'guess' } : headers
        const answer = await post({ url: `${url}/hooks/crm/${ref}`, headers: secret })
        return `${answer.status} ${await answer.text()}`
      }),
    )
    expect(new Set(texts).size).toBe(1)
    expect(texts[0]).toMatch(/^401 /)
  })

  it('is taken up to 320 KB', async () => {
    const { url, db } = gateway.now
    const hooked = await hookedConnection(db)
    const sized = (bytes: number) => {
      const event = JSON.stringify(dataverseEvent(hooked))
      return `${event}${' '.repeat(bytes - event.length)}`
    }
    const largest = await postAsDataverse(url, hooked, { body: sized(320 * 1024) })
    expect(largest.status).toBe(202)
    const tooLarge = outcome(postAsDataverse(url, hooked, { body: sized(320 * 1024 + 1) }))
    expect(await tooLarge).toEqual([413, 'body_too_large'])
    expect(await inboxOf(db, hooked)).toHaveLength(1)
  })
})
