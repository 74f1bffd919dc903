import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { saveConnection } from '../../src/ledger/connection/connections.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import {
  deferHints,
  dueHints,
  markHintsHandled,
  nextHintDueMs,
  putHints,
  shardsToHandle,
} from '../../src/ledger/run/inbox.js'
import { handleEchoes } from '../../src/ledger/run/echoes.js'
import { withDatabase } from '../support/with-database.js'
import { settings } from '../support/settings.js'

const database = withDatabase()
const connectionId = 'acme'
let db: Database
let shards = 0

beforeAll(async () => {
  db = openDatabase(database.url)
  await saveConnection(db, settings({ connectionId }))
})

afterAll(() => db.close())

/** Puts a hint about a record into a shard. */
function put(shard: number, entityId: string): Promise<number> {
  return putHints(db, connectionId, [
    {
      source: 'crm',
      shard,
      entity: 'contact',
      entityId,
      crmContactId: entityId,
      actorUserId: null,
      saysDeny: false,
      eventId: randomUUID(),
    },
  ])
}

async function due(shard: number): Promise<number[]> {
  return (await dueHints(db, connectionId, shard, 10)).map((hint) => hint.inboxId)
}

it('reports that none waits in a shard that never had one', async () => {
  expect(await nextHintDueMs(db, connectionId, shards++)).toBeNull()
})

it('reports that none waits once all are handled', async () => {
  const shard = shards++
  await put(shard, randomUUID())
  expect(await nextHintDueMs(db, connectionId, shard)).toBe(0)
  await markHintsHandled(db, await due(shard))
  expect(await nextHintDueMs(db, connectionId, shard)).toBeNull()
})

it('returns when the next is due: after the rest about its record (2 s), or after what put it off (5 s)', async () => {
  const [shard, other] = [shards++, shards]
  const entityId = randomUUID()
  await put(shard, entityId)
  await put(shard, entityId)
  expect(await nextHintDueMs(db, connectionId, shard)).toBe(0)
  const first = await due(shard)
  expect(first).toHaveLength(1)
  await markHintsHandled(db, first)
  const second = await nextHintDueMs(db, connectionId, shard)
  expect([second! > 0, second! <= 2_000]).toEqual([true, true])

  await put(other, randomUUID())
  await deferHints(db, await due(other))
  const later = await nextHintDueMs(db, connectionId, other)
  expect([later! > 2_000, later! <= 5_000]).toEqual([true, true])
})

describe('an echo of our own write', () => {
  const echo = (eventId: string) => ({
    source: 'emarketeer' as const,
    shard: shards,
    entity: 'change' as const,
    entityId: eventId,
    crmContactId: null,
    actorUserId: null,
    saysDeny: false,
    eventId,
  })
  const handle = (...ids: string[]) => db.transaction((tx) => handleEchoes(tx, connectionId, ids))

  it('is handled before it comes, or if it came first', async () => {
    shards++
    const [early, late, other] = ['chg_early', 'chg_late', 'chg_other']
    await putHints(db, connectionId, [echo(early)])
    await handle(early, late)
    expect(await putHints(db, connectionId, [echo(early), echo(late), echo(other)])).toBe(1)
    const waiting = await dueHints(db, connectionId, shards, 10)
    expect(waiting.map(({ eventId }) => eventId)).toEqual([other])
    const toHandle = (id: string) => shardsToHandle(db, connectionId, [echo(id)])
    expect(await toHandle(early)).toEqual(new Set())
    expect(await toHandle(late)).toEqual(new Set())
    expect(await toHandle(other)).toEqual(new Set([shards]))
  })

  it('does not wait for whoever stores what became of it', async () => {
    shards++
    await putHints(db, connectionId, [echo('chg_a'), echo('chg_b')])
    const ids = await due(shards)
    await db.transaction(async (tx) => {
      await deferHints(tx, ids.slice(0, 1))
      await handle('chg_b', 'chg_a')
    })
    expect(await due(shards)).toEqual([])
    expect(await shardsToHandle(db, connectionId, [echo('chg_a')])).toEqual(new Set([shards]))
    expect(await shardsToHandle(db, connectionId, [echo('chg_b')])).toEqual(new Set())
  })
})
