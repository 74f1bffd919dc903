import { describe, expect, it } from '@jest/globals'
import {
  decideRich,
  EMPTY_MEMORY,
  inDoubt,
  planRich,
  type CellMemory,
  type Observation,
  type SeenRecord,
} from '../../../src/domain/reconcile/index.js'
import type { LegalBasis } from '../../../src/domain/legal-basis.js'
import { emarketeer, memoryOf, observe, record, seconds } from './builders.js'

type Obs = Observation<LegalBasis>
type Mem = CellMemory<LegalBasis>
const row = record<LegalBasis>

function verdict(obs: Obs, mem: Mem = EMPTY_MEMORY): readonly string[] {
  const { line, emarketeerTarget, recordTargets } = decideRich(obs, mem)
  return [line, emarketeerTarget, ...recordTargets.map(({ target }) => target)]
}

describe('R0, doubt', () => {
  const seen: SeenRecord<LegalBasis> = {
    recordId: 'r1',
    value: 'none',
    version: '4',
    want: 'consent',
  }

  it.each<[boolean, string, Parameters<typeof row>]>([
    [false, 'the row did not move', ['none', '4', { lastWriter: 'us' }]],
    [false, 'our write stands on the row that was read', ['consent', '5', { lastWriter: 'us' }]],
    [true, 'our write stands one version too high', ['consent', '6', { lastWriter: 'us' }]],
    [true, 'another value than the one under way is ours', ['contract', '5', { lastWriter: 'us' }]],
    [true, 'the writer cannot be read', ['contract', '5', { lastWriter: 'unknown' }]],
    [false, 'a person answered', ['withdrawn', '5', {}]],
    [true, 'a card was saved again over our write', ['consent', '6', {}]],
    [false, 'a person gave the same answer, one write later', ['consent', '5', {}]],
  ])('%s: %s', (doubt, _, reading) => {
    expect(inDoubt(row(...reading), seen)).toBe(doubt)
  })

  it.each([
    [1, '1', false],
    [1, '2', true],
    [0, '0', false],
    [0, '1', true],
    [null, '0', false],
    [null, '1', false],
    [null, '2', true],
  ])('an insert measured as %p shows version %s: doubt %p', (firstVersion, version, doubt) => {
    const absent = { ...seen, version: 'none' }
    expect(inDoubt(row('consent', version, { lastWriter: 'us' }), absent, { firstVersion })).toBe(
      doubt,
    )
  })

  it('is raised for our own row where our history is lost', () => {
    const ours = row('consent', '7', { lastWriter: 'us' })
    expect(inDoubt(ours, null)).toBe(false)
    expect(inDoubt(ours, null, { historyLost: true })).toBe(true)
  })

  it('withdraws everywhere, asked of every row, and keeps the old observation until W/W is seen', () => {
    const mem = memoryOf(
      emarketeer('consent', 1),
      row('consent', '1'),
      row('consent', '4', { recordId: 'r2' }),
    )
    const twin = row('contract', '6', { recordId: 'r2', lastWriter: 'us' })
    const obs = observe(emarketeer('consent', 1), row('consent', '1'), twin)
    expect(verdict(obs, mem)).toEqual(['R0', 'withdrawn', 'withdrawn', 'withdrawn'])
    const kept = planRich(obs, mem, decideRich(obs, mem)).memory
    expect(kept.seen).toBe(mem.seen)
    const after = observe(
      emarketeer('withdrawn', 2),
      row('withdrawn', '2', { lastWriter: 'us' }),
      row('withdrawn', '7', { recordId: 'r2', lastWriter: 'us' }),
    )
    expect(planRich(after, kept, decideRich(after, kept)).memory.seen?.version).toBe(2)
  })
})

describe('R1 to R4', () => {
  it.each<[string, LegalBasis, LegalBasis, object, readonly string[]]>([
    ['equal', 'contract', 'contract', {}, ['R1', 'contract', 'contract']],
    ['nothing on either side', 'none', 'none', {}, ['R1', 'none', 'none']],
    ['a withdrawal crosses to nothing', 'withdrawn', 'none', {}, ['R2', 'withdrawn', 'withdrawn']],
    ['and back', 'none', 'withdrawn', { lastWriter: 'us' }, ['R2', 'withdrawn', 'withdrawn']],
    ['a basis crosses as itself', 'none', 'contract', {}, ['R2', 'contract', 'contract']],
    [
      'a basis crosses to the CRM',
      'legitimateInterest',
      'none',
      {},
      ['R2', 'legitimateInterest', 'legitimateInterest'],
    ],
    [
      'a default does not cross',
      'none',
      'legitimateInterest',
      { lastWriter: 'default' },
      ['R2', 'none', 'legitimateInterest'],
    ],
    ['our own does not cross', 'none', 'consent', { lastWriter: 'us' }, ['R2', 'none', 'consent']],
    ['unproven, withdrawn wins', 'withdrawn', 'consent', {}, ['R3', 'withdrawn', 'withdrawn']],
    [
      'unproven, a default loses',
      'consent',
      'legitimateInterest',
      { lastWriter: 'default' },
      ['R4', 'consent', 'consent'],
    ],
    [
      'unproven, consent loses',
      'consent',
      'legitimateInterest',
      {},
      ['R4', 'legitimateInterest', 'legitimateInterest'],
    ],
    [
      'unproven, neither is consent: eMarketeer',
      'contract',
      'legitimateInterest',
      {},
      ['R4', 'contract', 'contract'],
    ],
  ])('%s: %s and %s', (_, e, d, more, expected) => {
    const version = d === 'none' ? 'none' : '1'
    expect(verdict(observe(emarketeer(e, e === 'none' ? 0 : 1), row(d, version, more)))).toEqual(
      expected,
    )
  })

  const before = memoryOf(emarketeer('withdrawn', 1), row('withdrawn', '1'))

  it('R3 copies the later act as that same basis', () => {
    expect(verdict(observe(emarketeer('contract', 2), row('withdrawn', '1')), before)).toEqual([
      'R3',
      'contract',
      'contract',
    ])
    expect(verdict(observe(emarketeer('withdrawn', 1), row('contract', '2')), before)).toEqual([
      'R3',
      'contract',
      'contract',
    ])
  })

  it('R4 takes the later of two positives', () => {
    const agreed = memoryOf(emarketeer('contract', 1), row('contract', '1'))
    expect(verdict(observe(emarketeer('consent', 2), row('contract', '1')), agreed)[1]).toBe(
      'consent',
    )
    expect(verdict(observe(emarketeer('contract', 1), row('consent', '2')), agreed)[1]).toBe(
      'consent',
    )
  })

  it('does not take a card saved again, a default or another oldest person for an act', () => {
    const e = emarketeer('withdrawn', 1)
    const saved = memoryOf(e, row('contract', '1'))
    expect(verdict(observe(e, row('contract', '2')), saved)[1]).toBe('withdrawn')
    expect(verdict(observe(e, row('contract', '2', { lastWriter: 'default' })), before)[1]).toBe(
      'withdrawn',
    )
    const younger = row('contract', '2', { recordId: 'r2' })
    expect(verdict(observe(e, younger), before)[1]).toBe('withdrawn')
  })

  it('compares the row stamp with the last act, beyond eps', () => {
    const at = (s: number) =>
      observe(
        emarketeer('withdrawn', 1, { lastDenyActMs: seconds(10) }),
        row('consent', '1', { stamp: { atMs: seconds(s), epsMs: seconds(2) } }),
      )
    expect(verdict(at(13))[1]).toBe('consent')
    expect(verdict(at(12))[1]).toBe('withdrawn')
  })
})

describe('several persons at the address (C5)', () => {
  const e = emarketeer('contract', 2)

  it('writes the result to all, but never over a younger withdrawal', () => {
    const obs = observe(
      e,
      row('none', 'none'),
      row('consent', '1', { recordId: 'r2' }),
      row('withdrawn', '3', { recordId: 'r3' }),
    )
    expect(verdict(obs)).toEqual(['R2', 'contract', 'contract', 'contract', 'withdrawn'])
  })

  it('writes a withdrawal to every one of them', () => {
    const obs = observe(e, row('withdrawn', '1'), row('consent', '1', { recordId: 'r2' }))
    const { writes } = planRich(obs, EMPTY_MEMORY, decideRich(obs, EMPTY_MEMORY))
    expect(writes.map(({ side, value }) => [side, value])).toEqual([
      ['crm', 'withdrawn'],
      ['emarketeer', 'withdrawn'],
    ])
  })

  it('refuses an observation without a live record', () => {
    expect(() => decideRich(observe(e), EMPTY_MEMORY)).toThrow(RangeError)
  })
})
