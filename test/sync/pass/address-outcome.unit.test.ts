import { describe, expect, it } from '@jest/globals'
import {
  AddressOutcomes,
  isAgain,
  isPutOff,
  worst,
  type AddressOutcome,
} from '../../../src/sync/pass/address-outcome.js'

/** Every pair once, and its result: an address stays due by either outcome, and the earlier action is taken. */
const PAIRS: readonly (readonly [AddressOutcome, AddressOutcome, AddressOutcome])[] = [
  ['done', 'done', 'done'],
  ['done', 'untilRunEnds', 'untilRunEnds'],
  ['done', 'tomorrow', 'tomorrow'],
  ['done', 'again', 'again'],
  ['done', 'retryLater', 'retryLater'],
  ['done', 'againAndLater', 'againAndLater'],
  ['untilRunEnds', 'untilRunEnds', 'untilRunEnds'],
  // Deferred until tomorrow: the end of the run does not advance it.
  ['untilRunEnds', 'tomorrow', 'tomorrow'],
  ['untilRunEnds', 'again', 'again'],
  ['untilRunEnds', 'retryLater', 'retryLater'],
  ['untilRunEnds', 'againAndLater', 'againAndLater'],
  ['tomorrow', 'tomorrow', 'tomorrow'],
  // A lost race is decided immediately, not tomorrow.
  ['tomorrow', 'again', 'again'],
  // A refused or unknown write is tried again within the hour, not tomorrow.
  ['tomorrow', 'retryLater', 'retryLater'],
  ['tomorrow', 'againAndLater', 'againAndLater'],
  ['again', 'again', 'again'],
  // Both apply: immediately, and deferred if the pass ends with an error.
  ['again', 'retryLater', 'againAndLater'],
  ['again', 'againAndLater', 'againAndLater'],
  ['retryLater', 'retryLater', 'retryLater'],
  ['retryLater', 'againAndLater', 'againAndLater'],
  ['againAndLater', 'againAndLater', 'againAndLater'],
]

const ALL = [...new Set(PAIRS.flat())]

describe('what becomes of an address of which two things were said', () => {
  it.each(PAIRS)('%s and %s: %s, in either order', (a, b, expected) => {
    expect(worst(a, b)).toBe(expected)
    expect(worst(b, a)).toBe(expected)
  })

  it('does not depend on the order of three', () => {
    for (const a of ALL) {
      for (const b of ALL) {
        for (const c of ALL) {
          expect([a, b, c, worst(worst(a, b), c)]).toEqual([a, b, c, worst(a, worst(b, c))])
        }
      }
    }
  })
})

describe('what was said of a batch', () => {
  it('lists an address that is to be read again and put off under both', () => {
    const outcomes = new AddressOutcomes()
    outcomes.say('again', [1, 2])
    outcomes.say('retryLater', [2, 3])
    outcomes.say('tomorrow', [3, 4])
    expect(outcomes.which(isAgain)).toEqual([1, 2])
    expect(outcomes.which(isPutOff)).toEqual([2, 3])
    expect(outcomes.which((outcome) => outcome === 'tomorrow')).toEqual([4])
  })

  it('takes one of which nothing was said for done', () => {
    expect(new AddressOutcomes().of(7)).toBe('done')
  })
})
