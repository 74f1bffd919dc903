import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { saveConnection } from '../../src/ledger/connection/connections.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import {
  deferHints,
  dueHints,
  markHintsHandled,
  nextHintDueMs,
  putHints,
} from '../../src/ledger/run/inbox.js'
import { withDatabase } from '../support/with-database.js'

const database = withDatabase()
const connectionId = 'acme'
let db: Database
let shards = 0

beforeAll(async () => {
  db = openDatabase(database.url)
  await saveConnection(db, {
    connectionId,
    accountId: '1001',
    crm: 'dynamics',
    config: {},
    legalBasisSync: true,
    subscriptionSync: false,
    createMissing: 'none',
    newlyMailableLimit: 100,
    subscriptionRowsPerDay: 100,
  })
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
