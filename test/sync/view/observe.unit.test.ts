import { describe, expect, it } from '@jest/globals'
import { UNKNOWN_CATEGORY } from '../../../src/domain/hidden-ids.js'
import {
  categoryRows,
  contactOfRecord,
  isConsistent,
  mayBeOf,
  purposeRecords,
  readableRecords,
} from '../../../src/sync/view/observe.js'
import {
  cell,
  connection,
  contact,
  holder,
  secondaryAddresses,
  subscription,
  view,
} from '../support/views.js'

const bob = contact('allow', { crmContactId: 'bob' })

describe('a consistent observation (docs/reconciliation.md, "A pass")', () => {
  it('has the CRM read after eMarketeer last moved, and the feed read to its end after that', () => {
    expect(isConsistent(view({ contacts: [contact('allow')] }), connection(), false)).toBe(true)
  })

  it.each([
    ['eMarketeer moved while the CRM was read', { emarketeerMovedTick: 21 }],
    ['eMarketeer moved as the reading began', { emarketeerMovedTick: 20 }],
    ['eMarketeer’s state is not known', { emarketeerUnread: true }],
    ['two readings of the CRM overlap and differ', { crmDoubtful: true }],
    ['the CRM was read after the feed', { crmReadTo: 30 }],
  ])('is none where %s', (_, row) => {
    expect(isConsistent(view({ row }), connection(), true)).toBe(false)
  })

  it.each([
    ['a record', { contacts: [contact('allow', { readTo: 30 })] }],
    ['a subscription row', { subscriptions: [subscription(true, { readTo: 31 })] }],
  ])('is none where %s was read after the feed', (_, more) => {
    expect(isConsistent(view(more), connection(), false)).toBe(false)
  })

  it('rests on the delta where that is newer, and proves what it does not mention', () => {
    const moved = view({ row: { emarketeerMovedTick: 23 } })
    const proven = connection({ crmProvenTick: 25 })
    expect(isConsistent(moved, proven, true)).toBe(true)
    expect(isConsistent(moved, proven, false)).toBe(false)
    expect(isConsistent(moved, { ...proven, emarketeerProvenTick: 25 }, true)).toBe(false)
  })

  it('rests on the direct reading where the delta is older', () => {
    expect(isConsistent(view(), connection({ crmProvenTick: 5 }), true)).toBe(true)
  })
})

describe('records of a purpose', () => {
  it('are the live records, oldest first, with what they say', () => {
    const here = view({ contacts: [contact('allow'), bob] })
    expect(purposeRecords(here, 'marketingSendouts')).toMatchObject([
      { recordId: 'ann', value: 'allow', version: '1', lastWriter: 'user', carriedDeny: false },
      { recordId: 'bob', value: 'allow', carriedDeny: false },
    ])
  })

  it('are none where one of them cannot be read; the others are readable all the same', () => {
    const here = view({ contacts: [contact(null), bob] })
    expect(purposeRecords(here, 'marketingSendouts')).toBeNull()
    expect(readableRecords(here, 'marketingSendouts').map((r) => r.recordId)).toEqual(['bob'])
  })

  it('are none where the CRM has no such purpose on one of them', () => {
    expect(purposeRecords(view({ contacts: [contact('allow')] }), 'storeAndProcess')).toBeNull()
  })

  const denied = (more: Parameters<typeof view>[0]) =>
    readableRecords(view(more), 'marketingSendouts')
      .filter((record) => record.carriedDeny)
      .map((record) => record.recordId)

  it('carry a deny that follows the person, of this purpose only (F5)', () => {
    const contacts = [contact('allow'), bob]
    expect(denied({ contacts, carriedDenies: new Set(['bob marketingSendouts']) })).toEqual(['bob'])
    expect(denied({ contacts, carriedDenies: new Set(['bob storeAndProcess']) })).toEqual([])
  })

  it('carry what eMarketeer withdrew at a secondary address of theirs (C5)', () => {
    const contacts = [bob, contact('consent')]
    expect(
      denied({ contacts, secondaryAddresses: [secondaryAddresses([cell('withdrawn')])] }),
    ).toEqual(['ann'])
  })

  it('carry a secondary holder’s withdrawal on the oldest that is read (C5)', () => {
    const secondaryHolders = [holder('withdrawn')]
    expect(denied({ contacts: [contact('consent'), bob], secondaryHolders })).toEqual(['ann'])
    expect(denied({ contacts: [contact(null), bob], secondaryHolders })).toEqual(['bob'])
  })
})

describe('rows of a category (D3)', () => {
  const ann = contact('allow')

  it('are a Yes or a No each, by the row', () => {
    const subscriptions = [subscription(true), subscription(false, { rowId: 'other' })]
    const { records } = categoryRows(view({ contacts: [ann], subscriptions }), 'news')
    expect(records).toMatchObject([
      { recordId: 'row', value: 'allow' },
      { recordId: 'other', value: 'deny' },
    ])
  })

  it('are those of the category, and those of one that is unknown: they may be of this one', () => {
    const row = subscription(true)
    expect(mayBeOf(row, 'news')).toBe(true)
    expect(mayBeOf(row, 'offers')).toBe(false)
    expect(mayBeOf({ ...row, categoryId: UNKNOWN_CATEGORY }, 'offers')).toBe(true)
    expect(mayBeOf({ ...row, categoryId: null }, 'offers')).toBe(false)
  })

  it('are unknown where one of them cannot be read', () => {
    const subscriptions = [subscription(true), subscription(null, { rowId: 'other' })]
    expect(categoryRows(view({ contacts: [ann], subscriptions }), 'news').records).toBeNull()
  })

  it('are neither Yes nor No where there is none: the contact misses one', () => {
    expect(
      categoryRows(view({ contacts: [ann, bob], subscriptions: [subscription(false)] }), 'news'),
    ).toMatchObject({ records: [{ value: 'deny' }], missingContactIds: ['bob'], foreignRows: [] })
  })

  it('count where a merge left them, and are none of the contact’s own', () => {
    const foreign = subscription(false, { foreign: true })
    expect(categoryRows(view({ contacts: [ann], subscriptions: [foreign] }), 'news')).toMatchObject(
      {
        records: [{ value: 'deny' }],
        missingContactIds: ['ann'],
        foreignRows: [foreign],
      },
    )
  })

  it('carry a No that follows their contact', () => {
    const here = view({
      contacts: [ann],
      subscriptions: [subscription(true)],
      carriedDenies: new Set(['ann category:news']),
    })
    expect(categoryRows(here, 'news').records).toMatchObject([{ carriedDeny: true }])
  })
})

it('a record of a purpose is its contact, one of a category its row’s', () => {
  const here = view({ subscriptions: [subscription(true)] })
  expect(contactOfRecord(here, 'marketingSendouts', 'ann')).toBe('ann')
  expect(contactOfRecord(here, 'category:news', 'row')).toBe('ann')
})
