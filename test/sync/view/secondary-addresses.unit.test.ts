import { describe, expect, it } from '@jest/globals'
import { EMPTY_MEMORY } from '../../../src/domain/reconcile/index.js'
import type { LegalBasis } from '../../../src/domain/legal-basis.js'
import type { AddressView } from '../../../src/sync/view/address-view.js'
import {
  arrivalsAt,
  unarrivedReadings,
  secondaryDenies,
  unarrivedHolders,
} from '../../../src/sync/view/secondary-addresses.js'
import { cell, consent, contact, holder, secondaryAddresses, view } from '../support/views.js'

const PURPOSE = 'marketingSendouts'

/** docs/sync.md, "Further addresses": a withdrawal that a user set on a secondary holder reaches eMarketeer once. */
describe('secondary holders whose withdrawal is on its way to eMarketeer (C5)', () => {
  const ids = (one: ReturnType<typeof holder>) =>
    unarrivedHolders(view({ secondaryHolders: [one] }), PURPOSE).map((found) => found.crmContactId)
  const by = (lastWriter: 'user' | 'us' | 'unknown') =>
    holder('withdrawn', {
      contact: contact(null, {
        crmContactId: 'gil',
        consents: { marketingSendouts: consent('withdrawn', { lastWriter }) },
      }),
    })

  it('are those that a person withdrew', () => {
    expect(ids(by('user'))).toEqual(['gil'])
    expect(ids(by('unknown'))).toEqual(['gil'])
  })

  it('are not those that we wrote: it came from elsewhere, and goes no further', () => {
    expect(ids(by('us'))).toEqual([])
  })

  it.each(['consent', 'none', null] as const)('are not those that say %s', (value) => {
    expect(ids(holder(value))).toEqual([])
  })

  it('are carried to eMarketeer once a version', () => {
    expect(ids(holder('withdrawn', { arrived: { marketingSendouts: '1' } }))).toEqual([])
    expect(ids(holder('withdrawn', { arrived: { marketingSendouts: '0' } }))).toEqual(['gil'])
  })

  it('are none where only a deny counts: nothing crosses there (A, B8)', () => {
    expect(ids(holder('withdrawn', { denyOnly: true }))).toEqual([])
  })

  it('are the records of an address that nobody has as the primary one, as they are read', () => {
    expect(
      unarrivedReadings(view({ secondaryHolders: [holder('withdrawn')] }), PURPOSE),
    ).toMatchObject([{ recordId: 'gil', value: 'withdrawn', carriedDeny: false }])
    expect(unarrivedReadings(view({ secondaryHolders: [holder('consent')] }), PURPOSE)).toEqual([])
  })
})

/** A withdrawal that a person made in eMarketeer at a secondary address is carried onto the CRM person's row once. */
describe('withdrawals at secondary addresses of the records (C5)', () => {
  const versions = (one: ReturnType<typeof secondaryAddresses>) =>
    secondaryDenies(view({ secondaryAddresses: [one] }), PURPOSE).map(({ version }) => version)

  it('are those in eMarketeer by a person', () => {
    expect(versions(secondaryAddresses([cell('withdrawn', 4)]))).toEqual(['4'])
  })

  it.each(['consent', 'none', 'unreadable'] as const)('are none where it says %s', (basis) => {
    expect(versions(secondaryAddresses([cell(basis, 4)]))).toEqual([])
  })

  it('are none of another purpose, and none where nothing is recorded', () => {
    expect(
      versions(secondaryAddresses([cell('withdrawn', 4, { cellKey: 'storeAndProcess' })])),
    ).toEqual([])
    expect(versions(secondaryAddresses([]))).toEqual([])
  })

  it.each(['crmDynamics', 'crmSuperOffice'])('are none that %s brought there', (source) => {
    expect(versions(secondaryAddresses([cell('withdrawn', 4, { source })]))).toEqual([])
  })

  it('follow once a version', () => {
    const followed = { marketingSendouts: '4' }
    expect(versions(secondaryAddresses([cell('withdrawn', 4)], { followed }))).toEqual([])
    expect(versions(secondaryAddresses([cell('withdrawn', 5)], { followed }))).toEqual(['5'])
  })
})

describe('what has arrived, and is passed on no more', () => {
  const arrivals = (
    here: AddressView,
    {
      basis = 'withdrawn',
      openLoosen = null,
      told = [],
    }: {
      readonly basis?: LegalBasis
      readonly openLoosen?: number | null
      readonly told?: readonly string[]
    } = {},
    cellKey: 'marketingSendouts' | 'category:news' = PURPOSE,
  ) => {
    const emarketeer = { basis, version: 4, lastPositiveActMs: null, lastDenyActMs: null }
    const observation = { emarketeer, records: [], epoch: 1 }
    const plan = { memory: { ...EMPTY_MEMORY, openLoosen }, writes: [] }
    return arrivalsAt({ view: here, cellKey, observation, plan }, told).map(
      ({ direction, crmContactId, version }) => [direction, crmContactId, version],
    )
  }
  const visited = view({ secondaryHolders: [holder('withdrawn')] })
  const shared = view({ secondaryHolders: [holder('withdrawn')], contacts: [contact('withdrawn')] })
  const elsewhere = view({
    secondaryAddresses: [secondaryAddresses([cell('withdrawn', 9)])],
    contacts: [contact('deny')],
  })

  it('a secondary holder’s withdrawal, once eMarketeer is withdrawn', () => {
    expect(arrivals(visited)).toEqual([['arrived', 'gil', '1']])
    expect(arrivals(visited, { basis: 'consent' })).toEqual([])
  })

  it('not while a loosening of ours may still land', () => {
    expect(arrivals(visited, { openLoosen: 4 })).toEqual([])
  })

  it('and, where the address has records, once the oldest shows it', () => {
    expect(arrivals(shared)).toEqual([])
    expect(arrivals(shared, { told: ['ann'] })).toEqual([['arrived', 'gil', '1']])
  })

  it('a withdrawal from a secondary address, once its record shows it', () => {
    expect(arrivals(elsewhere)).toEqual([])
    expect(arrivals(elsewhere, { told: ['ann'], basis: 'consent' })).toEqual([
      ['followed', 'ann', '9'],
    ])
  })

  it('nothing of a category', () => {
    expect(arrivals(visited, {}, 'category:news')).toEqual([])
  })
})
