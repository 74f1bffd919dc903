import { expect, it } from '@jest/globals'
import { chooseProof, rowsWorthListing } from '../../src/sync/sendout/prove-freshness.js'

const MINUTE_MS = 60_000
/** Dynamics: 500 contacts a direct request, and the subscriptions of as many (docs/wire-dataverse.md). */
const DYNAMICS = { completeDelta: true, contactsPerRequest: 500 }

it('takes the delta where both cost the same: it also shows records whose address is not the one asked for', () => {
  const chosen = chooseProof({ ...DYNAMICS, targeted: 3, deltaAgeMs: 20 * MINUTE_MS }, 0)
  expect(chosen).toEqual({ proof: 'delta', deltaRequests: 2, directRequests: 2 })
})

it('reads the few directly where the last delta is long ago', () => {
  const chosen = chooseProof({ ...DYNAMICS, targeted: 3, deltaAgeMs: 24 * 60 * MINUTE_MS }, 0)
  expect(chosen.proof).toBe('direct')
})

it('never trusts a delta that does not prove the rows it leaves out', () => {
  const inputs = { ...DYNAMICS, completeDelta: false, targeted: 100_000, deltaAgeMs: MINUTE_MS }
  expect(chooseProof(inputs, 0).proof).toBe('direct')
})

it.each([3, 2_000, 100_000])(
  'lists everything for %d only up to the rows for which that takes no more requests, so no more need be counted',
  (targeted) => {
    const inputs = { ...DYNAMICS, targeted, deltaAgeMs: null }
    const worth = rowsWorthListing(inputs)
    expect(chooseProof(inputs, worth).proof).toBe('delta')
    expect(chooseProof(inputs, worth + 1).proof).toBe('direct')
    // 5,000 rows a page, against two requests for each 500 contacts.
    expect(worth).toBe((2 * Math.ceil(targeted / 500) - 2) * 5_000)
  },
)
