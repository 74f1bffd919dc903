import { describe, expect, it } from '@jest/globals'
import { connectionCounts } from '../../src/ledger/copy/connection-counts.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { expireCursor } from './support/cursors.js'
import type { EmarketeerClient } from '../../src/emarketeer/index.js'
import { UpstreamError } from '../../src/http/index.js'
import { catchUpEmarketeer } from '../../src/sync/mirror/catch-up-emarketeer.js'
import { preSend } from './support/pre-send.js'
import { type Twist, withWorld } from './support/world.js'

const world = withWorld()

function tooLarge(operation: string): UpstreamError {
  return new UpstreamError({
    code: 'upstream_answer_too_large',
    system: 'emarketeer',
    status: 200,
    retryable: false,
    mayHaveBeenApplied: false,
    operation,
    message: 'the answer holds more values than it may',
  })
}

/** eMarketeer, some of whose answers exceed our limits. */
const emarketeer =
  (change: (client: EmarketeerClient) => Partial<EmarketeerClient>): Twist =>
  (session) => ({
    ...session,
    emarketeer: { ...session.emarketeer, ...change(session.emarketeer) },
  })

describe('answers of eMarketeer that are over a limit', () => {
  it('stop no feed, whose pages are shortened until they fit', async () => {
    const ann = await world.now.linked()
    const bo = await world.now.linked()
    await ann.unsubscribe()
    await bo.unsubscribe()
    const limits: (number | undefined)[] = []
    await world.now.sweep(
      emarketeer((client) => ({
        changes: async (query, context) => {
          limits.push(query.limit)
          if ((query.limit ?? 500) > 1) {
            throw tooLarge('GET /changes')
          }
          return client.changes(query, context)
        },
      })),
    )
    expect(limits.slice(0, 3)).toEqual([1_000, 500, 250])
    expect(await ann.state()).toMatchObject({ toggles: ['deny'] })
    expect(await bo.state()).toMatchObject({ toggles: ['deny'] })
  })

  it('stop no feed where one change alone is too large: all states are read', async () => {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    let asked = 0
    await world.now.sweep(
      emarketeer((client) => ({
        changes: async (query, context) => {
          if ('cursor' in query.position && asked++ < 11) {
            throw tooLarge('GET /changes')
          }
          return client.changes(query, context)
        },
      })),
    )
    expect(asked).toBeGreaterThan(11)
    expect(await ann.state()).toMatchObject({ toggles: ['deny'] })
  })

  it('keep one address out of sendouts, and nobody else', async () => {
    const ann = await world.now.linked()
    const bo = await world.now.linked()
    // A person joins each address, so that both states must be read.
    await world.now.person({ email: ann.email, toggles: [] })
    await world.now.person({ email: bo.email, toggles: [] })
    await bo.unsubscribe()
    const twist = emarketeer((client) => ({
      readStates: async (query, include, context) => {
        if ('emails' in query && query.emails.includes(ann.email)) {
          throw tooLarge('POST /states/read')
        }
        return client.readStates(query, include, context)
      },
    }))
    await world.now.sweep(twist)
    expect(await bo.state()).toMatchObject({ toggles: ['deny'] })
    const [address] = await world.now.db.query(
      `SELECT emarketeer_unread AS unread FROM addresses WHERE address = $1`,
      [ann.email],
    )
    expect(address).toEqual({ unread: true })
    const unreadable = async () =>
      (await connectionCounts(world.now.db, CONNECTION_ID)).unreadableInEmarketeer
    expect(await unreadable()).toBe(1)
    await world.now.timePasses()
    await world.now.sweep()
    expect(await unreadable()).toBe(0)
    const { verdicts } = await preSend(world.now, { contactIds: [ann.contactId] })
    expect(verdicts[ann.contactId]).toBe('eligible')
  })

  it('are counted where only a walk met them, until they can be read', async () => {
    const ann = await world.now.person({ toggles: [] })
    await expireCursor(world.now, 'emarketeer')
    const unreadable = async () =>
      (await connectionCounts(world.now.db, CONNECTION_ID)).unreadableInEmarketeer
    await catchUpEmarketeer(
      emarketeer((client) => ({
        walkStates: async (...given) => {
          const { items, ...page } = await client.walkStates(...given)
          const odd = items.filter(({ contactId }) => contactId === ann.contactId)
          return {
            ...page,
            items: items.filter((item) => !odd.includes(item)),
            unreadable: odd.map(({ contactId, email }) => ({ contactId, email, path: 'x' })),
          }
        },
      }))(await world.now.session()),
    )
    expect(await unreadable()).toBe(1)
    await world.now.sweep()
    expect(await unreadable()).toBe(0)
  })

  it('ends a feed that leads back to where it was', async () => {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    let cursor = ''
    const circling = world.now.sweep(
      emarketeer((client) => ({
        changes: async (query, context) => {
          const page = await client.changes(query, context)
          cursor ||= 'cursor' in query.position ? query.position.cursor : ''
          return page.status === 'page' ? { ...page, hasMore: true, nextCursor: cursor } : page
        },
      })),
    )
    await expect(circling).rejects.toMatchObject({ code: 'upstream_unexpected_answer' })
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ toggles: ['deny'] })
  })
})
