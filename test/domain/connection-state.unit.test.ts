import { describe, expect, it } from '@jest/globals'
import { PERMITS, permitsOf } from '../../src/domain/connection-state.js'

describe('what a connection permits', () => {
  it.each([
    // A disabled connection syncs nothing (C8); contacts that a sendout has verified by then are still decided.
    [{ state: 'disabled', pauseMode: null }, 'sweep', false],
    [{ state: 'disabled', pauseMode: null }, 'preSend', false],
    [{ state: 'disabled', pauseMode: null }, 'decision', true],
    // While paused, only sendouts are synced, because people who denied meanwhile must be left out.
    [{ state: 'paused', pauseMode: 'all' }, 'webhook', false],
    [{ state: 'paused', pauseMode: 'all' }, 'manual', false],
    [{ state: 'paused', pauseMode: 'all' }, 'preSend', true],
    // With opt-outs flowing all work runs, also work that somebody starts by hand.
    [{ state: 'paused', pauseMode: 'loosening' }, 'webhook', true],
    [{ state: 'paused', pauseMode: 'loosening' }, 'manual', true],
  ] as const)('%j: %s begins: %s', (life, work, begins) => {
    expect(permitsOf(life).begins.includes(work)).toBe(begins)
  })

  it('withholds what loosens while only opt-outs flow, and after it is disabled', () => {
    const withheld = Object.entries(PERMITS).filter(([, { loosens }]) => !loosens)
    expect(withheld.map(([state]) => state)).toEqual(['optOutsOnly', 'disabled'])
  })
})
