import { describe, expect, it } from '@jest/globals'
import { NOTHING_MAPPED } from '../../../src/domain/tenant-basis.js'
import type { StoredLoosening } from '../../../src/ledger/run/runs.js'
import { decideBatch, type DecidedCell } from '../../../src/sync/pass/decide-cells.js'
import { sortLoosenings } from '../../../src/sync/pass/hold-back.js'
import { tighteningPart } from '../../../src/sync/pass/hold-back.js'
import {
  ADDRESS_ID,
  BASES,
  batch,
  cell,
  consent,
  contact,
  openCrm,
  settled,
  TOGGLES,
  view,
} from '../support/views.js'

const toggle = (here: ReturnType<typeof view>): DecidedCell =>
  decideBatch(batch([here]), openCrm(TOGGLES)).cells[0]!
const rich = (here: ReturnType<typeof view>): DecidedCell =>
  decideBatch(batch([here]), openCrm(BASES)).cells[0]!

const denied = contact('deny')
/** The contact consented in eMarketeer after both sides were seen to deny: the record will allow. */
const OPENS = toggle(
  view({
    contacts: [denied],
    cells: [{ ...settled(cell('withdrawn'), denied), basis: 'consent', version: 2 }],
  }),
)
/** The record denies: eMarketeer will be withdrawn. */
const CLOSES = toggle(view({ contacts: [denied], cells: [cell('none', 0)] }))
/** A basis crosses to a side that has none, in a rich CRM (C2). */
const FILLS = rich(
  view({
    contacts: [contact(null, { consents: { marketingSendouts: consent('consent') } })],
    cells: [cell('none', 0)],
  }),
)

const known = (state: StoredLoosening['state'], refusedFor: string | null = null) => [
  { addressId: ADDRESS_ID, cellKey: 'marketingSendouts', line: 'T2', state, refusedFor } as const,
]
const sort = (
  one: DecidedCell,
  stored: readonly StoredLoosening[] = [],
  mode: 'apply' | 'stage' | 'release' | 'withhold' = 'stage',
) => {
  const sorted = sortLoosenings([one], stored, mode)
  return Object.entries(sorted).flatMap(([name, cells]) => (cells.length > 0 ? [name] : []))
}

it('the examples are what they say', () => {
  expect(OPENS.plan.writes).toMatchObject([{ side: 'crm', value: 'allow', loosens: true }])
  expect(CLOSES.plan.writes).toMatchObject([{ side: 'emarketeer', value: 'withdrawn' }])
  expect(FILLS.plan.writes).toMatchObject([{ side: 'emarketeer', value: 'consent', loosens: true }])
})

/** docs/sync.md, "Loosening: staged, counted, released or held" (F4). */
describe('a decision that would make somebody mailable', () => {
  it.each([
    ['of a toggle', OPENS],
    ['that fills a side without a basis', FILLS],
  ])('%s is staged until its run has been counted', (_, one) => {
    expect(sort(one)).toEqual(['waiting', 'staged'])
  })

  it('is written where the run has been counted', () => {
    expect(sort(OPENS, [], 'apply')).toEqual(['apply'])
    expect(sort(OPENS, known('staged'), 'apply')).toEqual(['apply', 'dropped'])
  })

  it('is counted and written where the run may be counted immediately, unless another run staged it', () => {
    expect(sort(OPENS, [], 'release')).toEqual(['apply', 'releasing'])
    expect(sort(OPENS, known('rejected', 'something else'), 'release')).toEqual([
      'apply',
      'dropped',
      'releasing',
    ])
    expect(sort(OPENS, known('approved'), 'release')).toEqual(['apply', 'approved'])
    expect(sort(OPENS, known('staged'), 'release')).toEqual(['waiting', 'staged'])
    expect(sort(OPENS, known('held'), 'release')).toEqual([])
  })

  it('waits while the connection only lets opt-outs flow, and is not staged', () => {
    expect(sort(OPENS, [], 'withhold')).toEqual(['waiting'])
  })

  it('waits while it is held, in every mode', () => {
    for (const mode of ['apply', 'stage'] as const) {
      expect(sort(OPENS, known('held'), mode)).toEqual([])
    }
  })

  it('is written once it is approved, which is spent by that', () => {
    expect(sort(OPENS, known('approved'))).toEqual(['apply', 'approved'])
  })

  it('stays staged with the next pass of its run', () => {
    expect(sort(OPENS, known('staged'))).toEqual(['waiting', 'staged'])
  })
})

describe('a decision that only tightens', () => {
  it.each(['apply', 'stage', 'withhold'] as const)('waits for nothing (%s)', (mode) => {
    expect(sort(CLOSES, [], mode)).toEqual(['apply'])
  })

  it.each(['staged', 'held', 'rejected'] as const)('takes off the list what was %s', (state) => {
    expect(sort(CLOSES, known(state))).toEqual(['apply', 'dropped'])
  })
})

describe('a loosening that was rejected', () => {
  const refusedFor = JSON.stringify(['none', null, 'ann', 'consent', 'consent'])

  it('has noted what it was refused for', () => {
    expect(sort(FILLS, known('rejected'))).toEqual(['refused'])
  })

  it('is not asked again while everything stays as it is', () => {
    expect(sort(FILLS, known('rejected', refusedFor))).toEqual([])
    expect(sort(FILLS, known('rejected', refusedFor), 'apply')).toEqual([])
  })

  it('is as if it had never been asked once somebody has acted', () => {
    expect(sort(FILLS, known('rejected', 'something else'))).toEqual([
      'waiting',
      'dropped',
      'staged',
    ])
  })
})

describe('a positive basis that replaces another one, in a rich CRM', () => {
  const before = contact(null, { consents: { marketingSendouts: consent('consent') } })
  const replaces = rich(
    view({
      contacts: [before],
      cells: [
        {
          ...settled(cell('consent'), before),
          basis: 'contract',
          version: 2,
          lastPositiveActMs: 1,
        },
      ],
    }),
  )

  it('makes nobody mailable: it is written immediately, but not while only opt-outs flow', () => {
    expect(replaces.plan.writes).toMatchObject([{ side: 'crm', value: 'contract', loosens: true }])
    expect(sort(replaces)).toEqual(['apply'])
    expect(sort(replaces, [], 'withhold')).toEqual(['waiting'])
  })
})

describe('the part that tightens', () => {
  it('is none of a decision that only loosens', () => {
    expect(tighteningPart(OPENS)).toBeNull()
  })

  it('of a deny carried onto a younger twin does not wait while the oldest is loosened', () => {
    const oldest = { recordId: 'ann', value: 'none', version: '1', lastWriter: 'user' } as const
    const twin = { recordId: 'bob', value: 'consent', version: '1', lastWriter: 'user' } as const
    const plain = { stamp: null, carriedDeny: false }
    const both: DecidedCell = {
      ...FILLS,
      row: cell('consent'),
      observation: {
        emarketeer: { basis: 'consent', version: 1, lastPositiveActMs: null, lastDenyActMs: null },
        records: [
          { ...oldest, ...plain },
          { ...twin, ...plain, carriedDeny: true },
        ],
        epoch: 1,
        basisMapping: NOTHING_MAPPED,
      },
      decision: {
        ...FILLS.decision,
        emarketeerTarget: 'consent',
        recordTargets: [
          { recordId: 'ann', target: 'consent' },
          { recordId: 'bob', target: 'withdrawn' },
        ],
      },
    }
    const { observation, memory, decision, rule } = both
    const planned = { ...both, plan: rule.plan(observation, memory, decision) }
    expect(planned.plan.writes.map(({ value, loosens }) => [value, loosens])).toEqual([
      ['withdrawn', false],
      ['consent', true],
    ])
    expect(tighteningPart(planned)?.plan.writes).toMatchObject([
      { recordId: 'bob', value: 'withdrawn', loosens: false },
    ])
    expect(sort(planned)).toEqual(['apply', 'waiting', 'staged'])
  })
})
