import { expect, it } from '@jest/globals'
import { evidenceFindings, type RecordedEvent } from '../../simulation/oracles.js'
import type { OwnWrite } from '../../simulation/systems/emarketeer.js'

const HOME = 'p1@example.com'
const OTHER = 'q1@example.com'

/** A No that eMarketeer and two records took, then a Yes for a category, each after its event. */
const WRITES: readonly OwnWrite[] = [
  write(20, 'emarketeer', 'e1', 'marketingSendouts', 'withdrawn'),
  write(21, 'crm', 'r1', 'marketingSendouts', 'false'),
  write(22, 'crm', 'r2', 'marketingSendouts', 'false'),
  write(40, 'emarketeer', 'e1', 'c:c1', 'true'),
]
const EVENTS: readonly RecordedEvent[] = [
  event(10, HOME, 'marketingSendouts', 'withdrawn', 'deny+deny'),
  event(30, HOME, 'category:c1', 'consent', 'none'),
]

function write(
  atMs: number,
  side: OwnWrite['side'],
  recordId: string,
  cell: string,
  value: string,
): OwnWrite {
  return { atMs, side, email: HOME, recordId, cell, value }
}

function event(
  atMs: number,
  email: string,
  cell: string,
  emarketeer: string,
  crm: string,
): RecordedEvent {
  return { atMs, email, cell, emarketeer, crm }
}

it('finds nothing where each write follows its event', () => {
  expect(evidenceFindings(WRITES, EVENTS)).toEqual([])
})

it.each([
  ['the withdrawal', 0, 3],
  ['the Yes', 1, 1],
])('finds every write of %s if its event is missing', (_, at, count) => {
  const found = evidenceFindings(
    WRITES,
    EVENTS.filter((_event, index) => index !== at),
  )
  expect(found).toHaveLength(count)
  expect(found).toEqual(
    found.map(() => expect.objectContaining({ oracle: 'evidence', email: HOME })),
  )
})

it('finds a write that was there before its event', () => {
  const late = EVENTS.map((one) => ({ ...one, atMs: one.atMs + 11 }))
  expect(evidenceFindings(WRITES, late).map(({ what }) => what)).toEqual([
    'emarketeer got marketingSendouts withdrawn at 20, write 1 of it with 0 events',
    'emarketeer got c:c1 consent at 40, write 1 of it with 0 events',
  ])
})

it('finds a second write to a record that has one event', () => {
  const twice = [...WRITES, write(50, 'crm', 'r1', 'marketingSendouts', 'false')]
  expect(evidenceFindings(twice, EVENTS)).toMatchObject([{ oracle: 'evidence' }])
})

it('takes the event of the address that the record came from', () => {
  const before = EVENTS.map((one) => ({ ...one, email: OTHER }))
  expect(evidenceFindings(WRITES, before)).toEqual([])
})
