import { afterEach, describe, expect, it } from '@jest/globals'
import type { CrmSubscription } from '../../../src/crm/crm.js'
import { UNKNOWN_CATEGORY, UNKNOWN_CONTACT } from '../../../src/domain/hidden-ids.js'
import type {
  StoredCrmContact,
  StoredCrmSubscription,
} from '../../../src/ledger/copy/crm-mirror-rows.js'
import type { StoredLeftWith } from '../../../src/ledger/copy/taken-along.js'
import {
  classifySubscription,
  rowsThatLeft,
} from '../../../src/sync/mirror/classify-subscription.js'

const STORED = { from: 10, to: 12 }
const LATER = { from: 13, to: 14 }
const EARLIER = { from: 7, to: 9 }
const OVERLAPPING = { from: 12, to: 14 }

function read(more: Partial<CrmSubscription> = {}): CrmSubscription {
  return {
    rowId: 'row',
    contactId: 'ann',
    categoryId: 'news',
    subscribed: false,
    version: '2',
    foreign: false,
    ...more,
  }
}

function stored(more: Partial<StoredCrmSubscription> = {}): StoredCrmSubscription {
  return {
    rowId: 'row',
    crmContactId: 'ann',
    categoryId: 'news',
    subscribed: true,
    version: '1',
    foreign: false,
    readFrom: STORED.from,
    readTo: STORED.to,
    ...more,
  }
}

function classify(
  row: CrmSubscription,
  before?: StoredCrmSubscription,
  { window = LATER, listing = false } = {},
) {
  return classifySubscription(row, before, { window, listing })
}

describe('a subscription row as read', () => {
  it('that is newer replaces the stored one', () => {
    expect(classify(read(), stored())).toEqual({
      save: stored({ subscribed: false, version: '2', readFrom: LATER.from, readTo: LATER.to }),
      touched: ['ann', 'ann'],
      doubtful: [],
    })
  })

  it('that is older is dropped', () => {
    expect(classify(read(), stored(), { window: EARLIER })).toBeNull()
  })

  it('that overlaps and differs leaves its contact in doubt', () => {
    expect(classify(read(), stored(), { window: OVERLAPPING })?.doubtful).toEqual(['ann'])
  })

  it('that is met first touches its contact', () => {
    expect(classify(read())).toMatchObject({ touched: ['ann'], doubtful: [] })
  })

  it('that went to another contact touches both', () => {
    expect(classify(read({ contactId: 'bob' }), stored())?.touched).toEqual(['bob', 'ann'])
  })

  it('of the same version says nothing new, and is only met in a complete listing', () => {
    const same = read({ version: '1', subscribed: true })
    expect(classify(same, stored())).toBeNull()
    expect(classify(same, stored(), { listing: true })).toMatchObject({
      save: { readFrom: LATER.from },
      touched: [],
      doubtful: [],
    })
  })

  it.each<[string, Partial<StoredCrmSubscription>]>([
    ['its category became known', { categoryId: UNKNOWN_CATEGORY }],
    ['it can be read now', { subscribed: null }],
  ])('of the same version counts where %s', (_, before) => {
    const same = read({ version: '1', subscribed: true })
    expect(classify(same, stored(before))).not.toBeNull()
  })
})

describe('what the CRM hides of a row (D3, F3)', () => {
  it.each([null, UNKNOWN_CONTACT])('its contact (%j): it counts for whom it did', (contactId) => {
    expect(classify(read({ contactId }), stored())?.save.crmContactId).toBe('ann')
  })

  it('its contact, of a row that is met first: it may be anybody', () => {
    expect(classify(read({ contactId: UNKNOWN_CONTACT }))?.save.crmContactId).toBe(UNKNOWN_CONTACT)
  })

  it('a row that is nobody’s is not stored', () => {
    expect(classify(read({ contactId: null }))).toBeNull()
  })

  it.each<[string, Partial<CrmSubscription>]>([
    ['its category', { categoryId: UNKNOWN_CATEGORY }],
    ['category and answer', { categoryId: null, subscribed: null }],
  ])('%s: it counts for the category that it did', (_, hidden) => {
    expect(classify(read(hidden), stored())?.save.categoryId).toBe('news')
  })

  it('its category, of a row that is met first: it may be any', () => {
    const row = read({ categoryId: UNKNOWN_CATEGORY })
    expect(classify(row)?.save.categoryId).toBe(UNKNOWN_CATEGORY)
  })

  it('a category that is none of eMarketeer’s is not hidden', () => {
    expect(classify(read({ categoryId: null }), stored())?.save.categoryId).toBeNull()
  })
})

describe('rows that leave an address (F5)', () => {
  const HOME = 1
  const NEW = 2
  const contact = (more: Partial<StoredCrmContact> = {}): StoredCrmContact => ({
    crmContactId: 'ann',
    addressId: HOME,
    state: 'live',
    mergedInto: null,
    registeredAtMs: null,
    unusableAddress: false,
    addressHidden: false,
    consents: {},
    readFrom: 1,
    readTo: 2,
    ...more,
  })
  const bob = contact({ crmContactId: 'bob', addressId: NEW })
  let mayBeOld = false
  afterEach(() => {
    mayBeOld = false
  })
  const left = (
    now: StoredCrmSubscription,
    before: StoredCrmSubscription | null,
    ...contacts: readonly StoredCrmContact[]
  ) =>
    rowsThatLeft(
      [now],
      new Map(before === null ? [] : [['row', before]]),
      new Map(contacts.map((one) => [one.crmContactId, one])),
      { from: LATER.from, mayBeOld },
    )
  const no = stored({ subscribed: false, version: '2' })

  it('of a first listing leave too, but a row that is met there first only if its contact just left', () => {
    mayBeOld = true
    const gone = contact({ state: 'deactivated' })
    const leftWith = { seen: {}, from: HOME, tick: LATER.from + 1 } as unknown as StoredLeftWith
    const justGone = { ...gone, leftWith: { marketingSendouts: leftWith } }
    expect(left(no, stored(), gone)).toEqual([{ addressId: HOME, row: no }])
    expect(left(no, null, gone)).toEqual([])
    expect(left(no, null, justGone)).toEqual([{ addressId: HOME, row: no }])
    mayBeOld = false
    expect(left(no, null, gone)).toEqual([{ addressId: HOME, row: no }])
  })

  it('do not where nothing moved', () => {
    expect(left(no, stored(), contact())).toEqual([])
  })

  it('go to a contact at another address: what they said before and say now stays behind', () => {
    const now = { ...no, crmContactId: 'bob' }
    expect(left(now, stored(), contact(), bob)).toEqual([
      { addressId: HOME, row: stored() },
      { addressId: HOME, row: now },
    ])
  })

  it('go to a contact that nobody knows yet: the same', () => {
    expect(left({ ...no, crmContactId: 'eve' }, stored(), contact())).toHaveLength(2)
  })

  it('go to a contact at the same address: they leave nothing', () => {
    const twin = contact({ crmContactId: 'bob' })
    expect(left({ ...no, crmContactId: 'bob' }, stored(), contact(), twin)).toEqual([])
  })

  const seen = { recordId: 'row', value: 'allow', version: '1', want: null }
  const leftAt = (tick: number) => stored({ leftWith: { seen, openAllow: null, from: HOME, tick } })

  it('are found to have changed after their contact had left in the same reading: they left with it', () => {
    const moved = contact({ addressId: NEW })
    expect(left(no, leftAt(LATER.from + 1), moved)).toEqual([{ addressId: HOME, row: no }])
  })

  it('change later than their contact left: they say nothing of the old address', () => {
    const moved = contact({ addressId: NEW })
    expect(left(no, leftAt(LATER.from - 1), moved)).toEqual([])
  })

  it('are met with a contact that is gone: they left with it', () => {
    const gone = contact({ state: 'deactivated' })
    expect(left(no, null, gone)).toEqual([{ addressId: HOME, row: no }])
    expect(left(no, stored(), gone)).toEqual([{ addressId: HOME, row: no }])
  })

  it('of a contact without an address are at none', () => {
    expect(left(no, stored(), contact({ addressId: null, state: 'deactivated' }))).toEqual([])
  })
})
