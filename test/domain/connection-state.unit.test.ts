import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { PERMITS, permitsOf, type Permits } from '../../src/domain/connection-state.js'

describe('what a connection permits', () => {
  it.each([
    // Nothing is synced once it is disabled (C8); what a sendout has verified by then is still decided.
    [{ state: 'disabled', pauseMode: null }, 'sweep', false],
    [{ state: 'disabled', pauseMode: null }, 'preSend', false],
    [{ state: 'disabled', pauseMode: null }, 'decision', true],
    // Paused, only sendouts are synced, for whoever denied meanwhile must be left out.
    [{ state: 'paused', pauseMode: 'all' }, 'webhook', false],
    [{ state: 'paused', pauseMode: 'all' }, 'manual', false],
    [{ state: 'paused', pauseMode: 'all' }, 'preSend', true],
    // With opt-outs flowing all of it runs, also what somebody starts by hand.
    [{ state: 'paused', pauseMode: 'loosening' }, 'webhook', true],
    [{ state: 'paused', pauseMode: 'loosening' }, 'manual', true],
  ] as const)('%j: %s begins: %s', (life, work, begins) => {
    expect(permitsOf(life).begins.includes(work)).toBe(begins)
  })

  it('withholds what loosens while only opt-outs flow, and after it is disabled', () => {
    const withheld = Object.entries(PERMITS).filter(([, { loosens }]) => !loosens)
    expect(withheld.map(([state]) => state)).toEqual(['optOutsOnly', 'disabled'])
  })

  it('is what the page shows', () => {
    const page = readFileSync(
      new URL('../../docs/life-of-a-connection.md', import.meta.url),
      'utf8',
    ).split('\n')
    const shown = page.map((line) => line.split('|').map((cell) => cell.trim()))
    for (const [state, permits] of Object.entries(PERMITS)) {
      expect(shown).toContainEqual(['', `\`${state}\``, ...cellsOf(permits), ''])
    }
  })
})

function cellsOf({ hints, begins, goesOn, loosens, sweeps, decides }: Permits): string[] {
  const all = begins.length === 6
  const more = goesOn.filter((work) => !begins.includes(work))
  const under = more.length === 0 ? '' : ` (${more.join(', ')} that is under way goes on)`
  const yes = (is: boolean) => (is ? 'yes' : 'no')
  return [
    hints,
    all ? 'all' : `${begins.join(', ')}${under}`,
    loosens ? 'written' : 'withheld',
    yes(sweeps),
    yes(decides),
  ]
}
