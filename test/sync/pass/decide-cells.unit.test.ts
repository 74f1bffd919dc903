import { describe, expect, it } from '@jest/globals'
import type { CrmCapabilities } from '../../../src/crm/crm.js'
import {
  decideBatch,
  decideWithStamps,
  type BatchDecisions,
  type DecidedCell,
} from '../../../src/sync/pass/decide-cells.js'
import type { AddressView, BatchView } from '../../../src/sync/view/address-view.js'
import {
  BASES,
  batch,
  cell,
  connection,
  consent,
  contact,
  holder,
  openCrm,
  settled,
  subscription,
  TOGGLES,
  view,
} from '../support/views.js'

const decide = (
  here: AddressView,
  capabilities: CrmCapabilities = TOGGLES,
  more: Partial<BatchView> = {},
): BatchDecisions => decideBatch(batch([here], more), openCrm(capabilities))

/** Cell, line, and each write: side, record, value. */
const told = ({ cells }: BatchDecisions) =>
  cells.map(({ cellKey, decision, plan }) => [
    cellKey,
    decision.line,
    ...plan.writes.map((write) =>
      write.side === 'crm' ? `crm ${write.recordId} ${write.value}` : `emarketeer ${write.value}`,
    ),
  ])

const allow = contact('allow')
const yes = { ...cell('consent'), cellKey: 'category:news' as const }
const left = { recordId: 'gone', value: 'deny', version: '1', want: null, left: true } as const

describe('cells that are decided', () => {
  it('are a purpose of a toggle CRM, by the toggle rule', () => {
    const withdrawn = view({ contacts: [allow], cells: [settled(cell('consent'), allow)] })
    expect(told(decide(withdrawn))).toEqual([['marketingSendouts', 'T1']])
    const denied = view({ contacts: [contact('deny')], cells: [cell('none', 0)] })
    expect(told(decide(denied))).toEqual([['marketingSendouts', 'T4', 'emarketeer withdrawn']])
  })

  it('are every purpose of a rich CRM, by the rich rule', () => {
    const ann = contact(null, {
      consents: { marketingSendouts: consent('withdrawn'), storeAndProcess: consent('consent') },
    })
    const store = cell('consent', 1, { cellKey: 'storeAndProcess' })
    expect(told(decide(view({ contacts: [ann], cells: [cell('consent'), store] }), BASES))).toEqual(
      [
        ['marketingSendouts', 'R3', 'emarketeer withdrawn'],
        ['storeAndProcess', 'R1'],
      ],
    )
  })

  it('are none whose state eMarketeer did not return, or that cannot be read there', () => {
    expect(told(decide(view({ contacts: [contact('deny')] })))).toEqual([])
    expect(
      told(decide(view({ contacts: [contact('deny')], cells: [cell('unreadable')] }))),
    ).toEqual([])
  })

  it.each<[string, object]>([
    ['open Allows are a number', { openAllow: 7 }],
    ['open Allows are missing', { openAllow: null }],
    ['observation is a list', { seen: [] }],
    ['departed denies are no list', { departed: {} }],
  ])('are none whose stored %s: our own Allow could pass for an act', (_, memory) => {
    const before = { ...settled(cell('withdrawn'), contact('deny')), openAllow: { ann: '0' } }
    const flipped = contact('allow', {
      consents: { marketingSendouts: consent('allow', { version: '2' }) },
    })
    const here = (row: object) => view({ contacts: [flipped], cells: [{ ...before, ...row }] })
    expect(told(decide(here({})))).toEqual([['marketingSendouts', 'T3', 'crm ann deny']])
    expect(told(decide(here({ openAllow: {} })))).toEqual([
      ['marketingSendouts', 'T3', 'emarketeer consent'],
    ])
    expect(told(decide(here(memory)))).toEqual([])
  })

  it('are none of an address where what a record took along is malformed', () => {
    const cells = [cell('consent'), yes]
    const took = contact('deny', { leftWith: { marketingSendouts: 7 as never } })
    expect(decide(view({ contacts: [took], cells }))).toEqual({ cells: [], upkeep: [] })
    const subscriptions = [subscription(false, { leftWith: [] as never })]
    const here = view({ contacts: [contact('deny')], subscriptions, cells })
    expect(decide(here)).toEqual({ cells: [], upkeep: [] })
  })

  it.each([
    ['eMarketeer has nobody there (E7)', { emarketeerContactId: null }],
    ['eMarketeer has it in several spellings', { emarketeerSpelledTwice: true }],
  ])('are none of an address where %s', (_, row) => {
    const here = view({ row, contacts: [contact('deny')], cells: [cell('consent')] })
    expect(decide(here)).toEqual({ cells: [], upkeep: [] })
  })

  it('are none of what the connection does not keep in step', () => {
    const here = view({
      contacts: [contact('deny')],
      cells: [cell('consent'), yes],
      subscriptions: [subscription(false)],
    })
    const off = (more: Parameters<typeof connection>[0]) =>
      told(decide(here, TOGGLES, { connection: connection(more) })).map(([key]) => key)
    expect(off({ legalBasisSync: false })).toEqual(['category:news'])
    expect(off({ subscriptionSync: false })).toEqual(['marketingSendouts'])
  })
})

describe('a purpose of which some record cannot be read', () => {
  it('crosses as a deny of the others, and loosens nothing', () => {
    const contacts = [contact(null), contact('deny', { crmContactId: 'bob' })]
    const [decided] = told(decide(view({ contacts, cells: [cell('consent')] })))
    expect(decided?.[0]).toBe('marketingSendouts')
    expect(decided?.slice(2)).toEqual(['emarketeer withdrawn'])
    const consenting = [contact(null), contact('allow', { crmContactId: 'bob' })]
    const silent = decide(view({ contacts: consenting, cells: [cell('none', 0)] }))
    expect(silent.cells.flatMap(({ plan }) => plan.writes)).toEqual([])
  })
})

describe('an address without records', () => {
  it('gets nothing written where nobody left a deny', () => {
    expect(told(decide(view({ cells: [cell('consent')] })))).toEqual([])
  })

  it('has a deny that a record left behind reach eMarketeer, and nothing is written to the CRM (F5)', () => {
    const here = view({ cells: [cell('consent', 1, { departed: [left] })] })
    expect(told(decide(here))).toEqual([['marketingSendouts', 'R3', 'emarketeer withdrawn']])
  })

  it('has the No of a row that left reach eMarketeer, but not of an archived category', () => {
    const here = view({ cells: [{ ...yes, departed: [left] }] })
    expect(told(decide(here))).toEqual([['category:news', 'R3', 'emarketeer withdrawn']])
    const archived = [{ categoryId: 'news', name: 'News', archived: true }]
    expect(told(decide(here, TOGGLES, { categories: archived }))).toEqual([])
  })

  it('has a secondary holder’s withdrawal reach eMarketeer, in a CRM with secondary addresses (C5)', () => {
    const here = view({ cells: [cell('consent')], secondaryHolders: [holder('withdrawn')] })
    expect(told(decide(here, BASES))).toEqual([['marketingSendouts', 'R3', 'emarketeer withdrawn']])
    expect(told(decide(here, TOGGLES))).toEqual([])
    const consenting = view({ cells: [cell('none', 0)], secondaryHolders: [holder('consent')] })
    expect(told(decide(consenting, BASES))).toEqual([])
  })
})

describe('a category (D3)', () => {
  const only = { connection: connection({ legalBasisSync: false }) }
  const rows = (...subscriptions: readonly ReturnType<typeof subscription>[]) =>
    view({ contacts: [allow], cells: [yes], subscriptions })

  it('is decided by its rows, as a toggle', () => {
    expect(told(decide(rows(subscription(false)), TOGGLES, only))).toEqual([
      ['category:news', 'T2', 'emarketeer withdrawn'],
    ])
    expect(told(decide(rows(subscription(false)), BASES, only))).toEqual([
      ['category:news', 'T2', 'emarketeer withdrawn'],
    ])
  })

  it.each([
    ['consent', true],
    ['withdrawn', false],
  ] as const)('has a missing row made with eMarketeer’s answer (%s)', (basis, subscribed) => {
    const here = { ...rows(), cells: new Map([[yes.cellKey, { ...yes, basis }]]) }
    const { cells, upkeep } = decide(here, TOGGLES, only)
    expect(cells).toEqual([])
    expect(upkeep).toMatchObject([
      { categoryId: 'news', categoryName: 'News', subscribed, missingContactIds: ['ann'] },
    ])
  })

  it('has a row made with what was decided, not with what stood before', () => {
    const bob = contact('allow', { crmContactId: 'bob' })
    const here = { ...rows(subscription(false)), contacts: [allow, bob] }
    expect(decide(here, TOGGLES, only).upkeep).toMatchObject([
      { subscribed: false, missingContactIds: ['bob'] },
    ])
  })

  it('has rows that a merge left behind removed, once nothing is to be written', () => {
    const foreign = subscription(true, { rowId: 'old', foreign: true })
    const here = rows(subscription(true), foreign)
    expect(decide(here, TOGGLES, only).upkeep).toMatchObject([{ obsoleteRows: [foreign] }])
    const no = { ...foreign, subscribed: false }
    expect(decide(rows(subscription(true), no), TOGGLES, only).upkeep).toEqual([])
  })

  it('has nothing made where a row cannot be read, or the answer is not known', () => {
    expect(decide(rows(subscription(null)), TOGGLES, only)).toEqual({ cells: [], upkeep: [] })
    const unknown = view({ contacts: [allow] })
    expect(decide(unknown, TOGGLES, only)).toEqual({ cells: [], upkeep: [] })
  })

  it('that is archived is left alone', () => {
    const archived = [{ categoryId: 'news', name: 'News', archived: true }]
    const done = decide(rows(), TOGGLES, { ...only, categories: archived })
    expect(done).toEqual({ cells: [], upkeep: [] })
  })
})

it('field history’s stamps are put on the records, and the cell is decided again', () => {
  // Both sides moved: only a time can show which came later.
  const before = settled(cell('withdrawn'), contact('deny'))
  const row = { ...before, basis: 'consent', version: 2, lastPositiveActMs: 1_000_000 } as const
  const denied = contact('deny', {
    consents: { marketingSendouts: consent('deny', { version: '2' }) },
  })
  const [first] = decide(view({ contacts: [denied], cells: [row] })).cells
  expect(first?.decision).toMatchObject({ emarketeerTarget: 'withdrawn' })
  const stamped = (atMs: number): DecidedCell =>
    decideWithStamps(first!, new Map([['ann', { atMs, epsMs: 1_000 }]]))
  expect(stamped(500_000).observation.records[0]?.stamp).toEqual({ atMs: 500_000, epsMs: 1_000 })
  expect(stamped(500_000).decision.emarketeerTarget).toBe('consent')
  expect(stamped(2_000_000).decision.emarketeerTarget).toBe('withdrawn')
})
