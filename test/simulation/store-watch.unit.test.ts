import { beforeEach, expect, it } from '@jest/globals'
import { StoreWatch } from '../../simulation/store-watch.js'
import { EMPTY_MEMORY } from '../../src/domain/reconcile/index.js'
import { acquireLeases, confirmLeases } from '../../src/ledger/address/leases.js'
import { saveMemories } from '../../src/ledger/copy/cells.js'
import type { Transaction } from '../../src/ledger/db/database.js'
import { appendConsentEvents, type ConsentEvent } from '../../src/ledger/evidence/consent-events.js'

const ADDRESS = 7
const MEMORY = { addressId: ADDRESS, cellKey: 'marketingSendouts', memory: EMPTY_MEMORY } as const

let watch: StoreWatch

beforeEach(() => {
  watch = new StoreWatch()
})

/** The product takes the lease by its own statement. */
async function takes(owner: string): Promise<void> {
  const lease = { addressId: ADDRESS, token: 1 }
  const db = {
    query: async (sql: string, values: readonly unknown[]) => {
      expect(StoreWatch.takesLeases(sql)).toBe(true)
      watch.taken(values, [lease])
      return [lease]
    },
  }
  await acquireLeases(db as never, owner, [ADDRESS])
}

/** The product stores something by its own statements, in a transaction that is committed. */
async function stores(work: (tx: Transaction) => Promise<unknown>, atMs: number): Promise<void> {
  const storing = StoreWatch.begin()
  const tx = {
    query: async (sql: string, values: readonly unknown[]) => {
      StoreWatch.note(storing, sql, values)
      return []
    },
  }
  await work(tx as never)
  watch.committed(storing, atMs, 'a pass')
}

/** A pass of that owner remembers what it saw. */
function remembers(owner: string, atMs: number): Promise<void> {
  return stores(async (tx) => {
    await confirmLeases(tx, owner, [{ addressId: ADDRESS, token: 1 }])
    await saveMemories(tx, [MEMORY])
  }, atMs)
}

it('finds nothing in a pass that holds its lease', async () => {
  await takes('first')
  await remembers('first', 10)
  await takes('second')
  await remembers('second', 20)
  expect(watch.withoutLease).toEqual([])
})

it('finds a pass that stores after another one has taken its lease', async () => {
  await takes('first')
  await takes('second')
  await remembers('first', 30)
  expect(watch.withoutLease).toEqual([{ addressId: ADDRESS, atMs: 30, by: 'a pass' }])
})

it('finds a pass that stores without asking for its lease', async () => {
  await takes('first')
  await stores((tx) => saveMemories(tx, [MEMORY]), 40)
  expect(watch.withoutLease).toHaveLength(1)
})

it('knows when evidence was committed', async () => {
  const events = [{ eventId: 'one' }, { eventId: 'two' }] as unknown as readonly ConsentEvent[]
  await stores((tx) => appendConsentEvents(tx, events), 50)
  expect([...watch.committedMs]).toEqual([
    ['one', 50],
    ['two', 50],
  ])
})
