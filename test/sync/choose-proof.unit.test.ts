import { expect, it } from '@jest/globals'
import { chooseProof } from '../../src/sync/sendout/prove-freshness.js'

const MINUTE_MS = 60_000
/** Dynamics: 500 contacts a direct request, and the subscriptions of as many (docs/wire-dataverse.md). */
const DYNAMICS = { completeDelta: true, contactsPerRequest: 500, knownRows: 20_000 }

it('takes the delta where both cost the same: it also shows records whose address is not the one asked for', () => {
  const chosen = chooseProof({ ...DYNAMICS, targeted: 3, deltaAgeMs: 20 * MINUTE_MS })
  expect(chosen).toEqual({ proof: 'delta', deltaRequests: 2, directRequests: 2 })
})

it('reads the few directly where the last delta is long ago', () => {
  const chosen = chooseProof({ ...DYNAMICS, targeted: 3, deltaAgeMs: 24 * 60 * MINUTE_MS })
  expect(chosen.proof).toBe('direct')
})

it('never trusts a delta that does not prove the rows it leaves out', () => {
  const chosen = chooseProof({
    ...DYNAMICS,
    completeDelta: false,
    targeted: 100_000,
    deltaAgeMs: MINUTE_MS,
  })
  expect(chosen.proof).toBe('direct')
})
