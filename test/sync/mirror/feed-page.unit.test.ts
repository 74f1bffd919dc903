import { describe, expect, it } from '@jest/globals'
import type {
  Change,
  ConsentChanged,
  ContactEmailChanged,
  SubscriptionChanged,
  UnreadableChange,
} from '../../../src/emarketeer/changes.js'
import { actorText, foldFeedPage } from '../../../src/sync/mirror/feed-page.js'

const FACTS = {
  id: 'change',
  contactIds: ['501'],
  email: 'ann@x.example',
  eventTimeMs: 1_000,
  recordedAtMs: 2_000,
  source: 'form',
  actor: { type: 'dataSubject', id: null, name: null },
  writer: null,
} as const

type Basis = ConsentChanged['after']['legalBasis']

const set = (
  legalBasis: Basis,
  version: number,
  more: Partial<ConsentChanged> = {},
): ConsentChanged => ({
  ...FACTS,
  type: 'consent.changed',
  purpose: 'marketingSendouts',
  after: { legalBasis, version },
  ...more,
})
const switched = (
  subscribed: boolean,
  more: Partial<SubscriptionChanged> = {},
): SubscriptionChanged => ({
  ...FACTS,
  type: 'subscription.changed',
  categoryId: 'news',
  after: { subscribed, version: 1 },
  ...more,
})
const contactItem = (type: 'contact.created' | 'contact.deleted', more: Partial<Change> = {}) =>
  ({ ...FACTS, type, ...more }) as Change
const moved = (oldEmail: string | null, newEmail: string | null): ContactEmailChanged => ({
  ...FACTS,
  type: 'contact.email_changed',
  oldEmail,
  newEmail,
})
const unreadable = (more: Partial<UnreadableChange> = {}): UnreadableChange => ({
  type: 'unreadable',
  id: null,
  contactIds: [],
  reason: 'malformed',
  path: 'detail',
  ...more,
})

/** docs/wire-emarketeer.md: items come in commit order. */
describe('values of a page', () => {
  it('are the last of each cell', () => {
    const { cells } = foldFeedPage([set('consent', 1), set('withdrawn', 2), switched(true)])
    expect(cells.map(({ cellKey, basis, version }) => [cellKey, basis, version])).toEqual([
      ['marketingSendouts', 'withdrawn', 2],
      ['category:news', 'consent', 1],
    ])
  })

  it('are one of an address, however it is spelled', () => {
    const { cells } = foldFeedPage([
      set('consent', 1),
      set('withdrawn', 2, { email: ' ANN@x.example' }),
    ])
    expect(cells).toMatchObject([{ address: 'ann@x.example', basis: 'withdrawn' }])
  })

  it('are none of profiling, and none of somebody who is gone since', () => {
    const { cells } = foldFeedPage([
      set('consent', 1, { purpose: 'profiling' }),
      set('consent', 1, { email: null }),
    ])
    expect(cells).toEqual([])
  })

  it('of a subscription are a Yes or a No', () => {
    expect(foldFeedPage([switched(false)]).cells).toMatchObject([{ basis: 'withdrawn' }])
  })
})

describe('acts of people in a page', () => {
  const acts = (...items: readonly ConsentChanged[]) =>
    foldFeedPage(items).cells.map(({ positiveActMs, denyActMs }) => [positiveActMs, denyActMs])

  it('are a consent at the earliest, and a withdrawal at the latest that it may have been', () => {
    expect(acts(set('consent', 1))).toEqual([[1_000, null]])
    expect(acts(set('withdrawn', 1))).toEqual([[null, 2_000]])
    const ahead = { eventTimeMs: 9_000, recordedAtMs: 2_000 }
    expect(acts(set('consent', 1, ahead))).toEqual([[2_000, null]])
    expect(acts(set('withdrawn', 1, ahead))).toEqual([[null, 9_000]])
  })

  it('are kept, both kinds, the latest of each', () => {
    const later = { eventTimeMs: 5_000, recordedAtMs: 6_000 }
    expect(acts(set('withdrawn', 1), set('consent', 2, later))).toEqual([[5_000, 2_000]])
    expect(acts(set('consent', 1, later), set('consent', 2))).toEqual([[5_000, null]])
  })

  it('are not what a CRM or we wrote, which is the value all the same', () => {
    const crm = set('withdrawn', 2, {
      source: 'crmDynamics',
      eventTimeMs: 8_000,
      recordedAtMs: 8_000,
    })
    expect(acts(set('consent', 1), crm)).toEqual([[1_000, null]])
    expect(foldFeedPage([set('consent', 1), crm]).cells).toMatchObject([{ basis: 'withdrawn' }])
  })

  it('are not what our own writes echo', () => {
    const writer = { clientId: 'legal-basis-sync' }
    const times = { eventTimeMs: 8_000, recordedAtMs: 8_000 }
    expect(acts(set('consent', 1), set('consent', 2, { writer, ...times }))).toEqual([
      [1_000, null],
    ])
  })

  it('are none of a basis that is not known', () => {
    expect(acts(set('unreadable', 1))).toEqual([[null, null]])
  })
})

describe('contacts of a page', () => {
  const page = (...items: readonly Change[]) => foldFeedPage(items)

  it('that appear have their address read: it may start withdrawn without a change', () => {
    const { contacts, unreadAddresses } = page(contactItem('contact.created'))
    expect(contacts.get('501')).toEqual({ address: 'ann@x.example', spelling: null })
    expect([...unreadAddresses]).toEqual(['ann@x.example'])
  })

  it('that move have both addresses read, and stand at the new one', () => {
    const { contacts, unreadAddresses } = page(moved('ann@x.example', 'new@x.example'))
    expect(contacts.get('501')?.address).toBe('new@x.example')
    expect([...unreadAddresses].sort()).toEqual(['ann@x.example', 'new@x.example'])
  })

  it('that lose their address stand nowhere', () => {
    expect(page(moved('ann@x.example', null)).contacts.get('501')).toBeNull()
  })

  it('that are deleted are so, unless they appear again after it', () => {
    const created = contactItem('contact.created')
    const deleted = contactItem('contact.deleted')
    expect(page(created, deleted)).toMatchObject({ deletedContactIds: ['501'] })
    expect(page(created, deleted).contacts.size).toBe(0)
    expect(page(deleted, created)).toMatchObject({ deletedContactIds: [] })
  })

  it('are kept with the spelling that eMarketeer knows them by, where it is another', () => {
    const decorated = contactItem('contact.created', { email: '"Ann" <ann@x.example>' })
    expect(page(decorated).contacts.get('501')?.spelling).not.toBeNull()
  })
})

describe('items that cannot be read', () => {
  it('have the state of their contacts read', () => {
    expect(foldFeedPage([unreadable({ contactIds: ['501'] })])).toMatchObject({
      unreadableContactIds: ['501'],
      walkNeeded: false,
    })
  })

  it('that name nobody, or another account, have everything walked over', () => {
    expect(foldFeedPage([unreadable()]).walkNeeded).toBe(true)
    expect(foldFeedPage([unreadable({ reason: 'other_account' })]).walkNeeded).toBe(true)
    expect(foldFeedPage([unreadable(), unreadable({ contactIds: ['1'] })]).walkNeeded).toBe(true)
  })
})

describe('a change that names no address', () => {
  it.each([null, '', ' '])('has the state of its contacts read: %j', (email) => {
    for (const change of [set('withdrawn', 2, { email }), switched(false, { email })]) {
      expect(foldFeedPage([change])).toMatchObject({
        cells: [],
        unreadableContactIds: ['501'],
        walkNeeded: false,
      })
    }
  })

  it('nor a contact has everything walked over', () => {
    const change = set('withdrawn', 2, { email: null, contactIds: [] })
    expect(foldFeedPage([change]).walkNeeded).toBe(true)
  })

  it('asks nothing about a contact that the same page deletes', () => {
    const change = set('withdrawn', 2, { email: null })
    const { unreadableContactIds } = foldFeedPage([change, contactItem('contact.deleted')])
    expect(unreadableContactIds).toEqual([])
  })
})

it('a category that came, was renamed or archived has them read', () => {
  for (const type of ['category.created', 'category.renamed', 'category.archived'] as const) {
    expect(foldFeedPage([{ ...FACTS, type, email: null }]).categoriesChanged).toBe(true)
  }
  expect(foldFeedPage([switched(true)]).categoriesChanged).toBe(false)
})

it('who acted is kept by type and id, never by name', () => {
  expect(actorText({ type: 'user', id: '17' })).toBe('user:17')
  expect(actorText({ type: 'dataSubject', id: null })).toBe('dataSubject')
  expect(actorText(null)).toBeNull()
})
