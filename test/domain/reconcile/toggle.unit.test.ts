import { describe, expect, it } from '@jest/globals'
import {
  decideToggle,
  EMPTY_MEMORY,
  planToggle,
  type CellMemory,
  type Observation,
  type ToggleValue,
} from '../../../src/domain/reconcile/index.js'
import { emarketeer, memoryOf, observe, record, seconds } from './builders.js'

type Obs = Observation<ToggleValue>
type Mem = CellMemory<ToggleValue>

/** Line, eMarketeer's target, the records' targets. */
function verdict(obs: Obs, mem: Mem = EMPTY_MEMORY): readonly string[] {
  const { line, emarketeerTarget, recordTargets } = decideToggle(obs, mem)
  return [line, emarketeerTarget, ...recordTargets.map(({ target }) => target)]
}

describe('T1, both sides agree', () => {
  it.each(['consent', 'legitimateInterest'] as const)('%s and allow stay as they are', (basis) => {
    expect(verdict(observe(emarketeer(basis, 1), record('allow', 'a')))).toEqual([
      'T1',
      basis,
      'allow',
    ])
  })

  it('stores what was seen, and writes nothing', () => {
    const obs = observe(emarketeer('withdrawn', 4), record('deny', 'x'))
    const { memory, writes } = planToggle(obs, EMPTY_MEMORY, decideToggle(obs, EMPTY_MEMORY))
    expect(writes).toEqual([])
    expect(memory).toEqual(memoryOf(emarketeer('withdrawn', 4), record('deny', 'x')))
  })

  it('writes the deny to the records that still allow', () => {
    const obs = observe(
      emarketeer('withdrawn', 4),
      record('deny', 'x'),
      record('allow', 'y', { recordId: 'r2' }),
    )
    const decision = decideToggle(obs, EMPTY_MEMORY)
    expect(decision.line).toBe('T1')
    expect(planToggle(obs, EMPTY_MEMORY, decision).writes).toEqual([
      { side: 'crm', recordId: 'r2', value: 'deny', expectedVersion: 'y', loosens: false },
    ])
  })
})

describe('T2, positive against deny', () => {
  const before = memoryOf<ToggleValue>(emarketeer('withdrawn', 1), record('deny', 'x'))
  const after = observe<ToggleValue>(emarketeer('consent', 2), record('deny', 'x'))

  it('follows eMarketeer where it alone acted over a deny that was seen', () => {
    expect(verdict(after, before)).toEqual(['T2', 'consent', 'allow'])
  })

  it.each<[string, Obs, Mem]>([
    ['at a first link', after, EMPTY_MEMORY],
    ['when the CRM moved as well', observe(emarketeer('consent', 2), record('deny', 'x2')), before],
    [
      'over a deny not seen before',
      after,
      memoryOf(emarketeer('withdrawn', 1), record('allow', 'x')),
    ],
    [
      'when the value did not change',
      after,
      memoryOf(emarketeer('consent', 1), record('deny', 'x')),
    ],
    ['when it may be our own late write', after, { ...before, openLoosen: 1 }],
    ['when an older epoch saw it', { ...after, epoch: 2 }, before],
    [
      'for a default that nobody set',
      observe(emarketeer('consent', 0), record('deny', 'x')),
      before,
    ],
    [
      'when a record joined',
      observe(
        emarketeer('consent', 2),
        record('deny', 'x'),
        record('deny', 'y', { recordId: 'r2' }),
      ),
      before,
    ],
    [
      'when a deny is carried',
      observe(emarketeer('consent', 2), record('deny', 'x', { carriedDeny: true })),
      before,
    ],
  ])('withdraws %s', (_, obs, mem) => {
    expect(verdict(obs, mem).slice(0, 2)).toEqual(['T2', 'withdrawn'])
  })

  it('writes the withdrawal and the missing denies, all of them tightening', () => {
    const obs = observe<ToggleValue>(
      emarketeer('consent', 2),
      record('deny', 'x'),
      record('allow', 'y', { recordId: 'r2' }),
    )
    const { writes } = planToggle(obs, EMPTY_MEMORY, decideToggle(obs, EMPTY_MEMORY))
    expect(writes.map(({ side, value }) => [side, value])).toEqual([
      ['crm', 'deny'],
      ['emarketeer', 'withdrawn'],
    ])
  })

  it('marks a decision that only an unrelated edit of the row spoiled', () => {
    const edited = observe<ToggleValue>(emarketeer('consent', 2), record('deny', 'x2'))
    expect(decideToggle(edited, before).ambiguous).toBe(true)
    expect(decideToggle(after, EMPTY_MEMORY).ambiguous).toBe(false)
  })
})

describe('T3, withdrawn against allow', () => {
  const before = memoryOf<ToggleValue>(emarketeer('withdrawn', 1), record('deny', 'x'))
  const flipped = observe<ToggleValue>(emarketeer('withdrawn', 1), record('allow', 'x2'))

  it('takes the flip of a CRM user for consent', () => {
    expect(verdict(flipped, before)).toEqual(['T3', 'consent', 'allow'])
  })

  it.each<[string, Obs, Mem]>([
    ['at a first link', flipped, EMPTY_MEMORY],
    [
      'when eMarketeer acted as well',
      observe(emarketeer('withdrawn', 2), record('allow', 'x2')),
      before,
    ],
    [
      'when nobody saw it denying (flipped to and fro)',
      flipped,
      memoryOf(emarketeer('withdrawn', 1), record('allow', 'x')),
    ],
    ['when it may be our own late Allow', flipped, { ...before, openAllow: { r1: 'x' } }],
    [
      'when our deny was acknowledged without a version',
      flipped,
      {
        ...before,
        seen: {
          ...before.seen!,
          records: [{ recordId: 'r1', value: 'deny', version: null, want: null }],
        },
      },
    ],
    [
      'when the denying record left and another is there',
      observe(emarketeer('withdrawn', 1), record('allow', 'y', { recordId: 'r2' })),
      before,
    ],
  ])('writes the deny again %s', (_, obs, mem) => {
    expect(verdict(obs, mem)).toEqual(['T3', 'withdrawn', 'deny'])
  })

  it('needs every record to allow', () => {
    const one = observe<ToggleValue>(
      emarketeer('withdrawn', 1),
      record('allow', 'x2'),
      record('deny', 'y', { recordId: 'r2' }),
    )
    expect(
      verdict(
        one,
        memoryOf(
          emarketeer('withdrawn', 1),
          ...one.records.map((r) => ({ ...r, value: 'deny' as const, version: 'x' })),
        ),
      ),
    ).toEqual(['T1', 'withdrawn', 'deny', 'deny'])
  })
})

describe('T4, nothing recorded in eMarketeer', () => {
  it('follows a deny', () => {
    expect(verdict(observe(emarketeer('none', 0), record('deny', 'x')))).toEqual([
      'T4',
      'withdrawn',
      'deny',
    ])
  })

  it('takes an allow that nobody flipped for nothing', () => {
    expect(verdict(observe(emarketeer('none', 0), record('allow', 'x')))).toEqual([
      'T4',
      'none',
      'allow',
    ])
  })

  it('follows a flip', () => {
    const before = memoryOf<ToggleValue>(emarketeer('none', 0), record('deny', 'x'))
    expect(verdict(observe(emarketeer('none', 0), record('allow', 'x2')), before)).toEqual([
      'T4',
      'consent',
      'allow',
    ])
  })
})

describe('stamps', () => {
  const stamp = (at: number) => ({ stamp: { atMs: seconds(at), epsMs: seconds(2) } })
  const yes = emarketeer('consent', 1, { lastPositiveActMs: seconds(10) })
  const no = emarketeer('withdrawn', 1, { lastDenyActMs: seconds(10) })

  it.each([
    [7, 'allow'],
    [8, 'deny'],
    [13, 'deny'],
  ])('a deny set at second %i against a Yes at 10 gives %s', (at, target) => {
    expect(verdict(observe<ToggleValue>(yes, record('deny', 'x', stamp(at))))[2]).toBe(target)
  })

  it.each([
    [13, 'consent'],
    [12, 'withdrawn'],
    [5, 'withdrawn'],
  ])('an allow set at second %i against a No at 10 gives %s', (at, target) => {
    expect(verdict(observe<ToggleValue>(no, record('allow', 'x', stamp(at))))[1]).toBe(target)
  })

  it('every denying record must be older than the Yes', () => {
    const two = (second: object) =>
      observe<ToggleValue>(
        yes,
        record('deny', 'x', stamp(5)),
        record('deny', 'y', { recordId: 'r2', ...second }),
      )
    expect(verdict(two(stamp(6)))).toEqual(['T2', 'consent', 'allow', 'allow'])
    expect(verdict(two(stamp(9)))).toEqual(['T2', 'withdrawn', 'deny', 'deny'])
    expect(verdict(two({}))).toEqual(['T2', 'withdrawn', 'deny', 'deny'])
  })

  it('proves nothing where the other side is unknown, or the value is our own', () => {
    expect(
      verdict(observe<ToggleValue>(emarketeer('consent', 1), record('deny', 'x', stamp(1))))[1],
    ).toBe('withdrawn')
    const ours = record<ToggleValue>('allow', 'x', { ...stamp(20), lastWriter: 'us' })
    expect(verdict(observe(no, ours))[1]).toBe('withdrawn')
  })

  it('asks for one where only it is missing', () => {
    expect(
      decideToggle(observe<ToggleValue>(yes, record('deny', 'x')), EMPTY_MEMORY).wantsStamp,
    ).toBe(true)
    expect(
      decideToggle(observe<ToggleValue>(no, record('allow', 'x')), EMPTY_MEMORY).wantsStamp,
    ).toBe(true)
    expect(
      decideToggle(observe<ToggleValue>(yes, record('deny', 'x', stamp(9))), EMPTY_MEMORY)
        .wantsStamp,
    ).toBe(false)
    expect(
      decideToggle(
        observe<ToggleValue>(emarketeer('consent', 1), record('deny', 'x')),
        EMPTY_MEMORY,
      ).wantsStamp,
    ).toBe(false)
  })

  it('does not count after the record set changed, until both sides agree again', () => {
    const before = memoryOf<ToggleValue>(emarketeer('withdrawn', 1), record('deny', 'x'))
    const other = observe<ToggleValue>(no, record('allow', 'y', { recordId: 'r2', ...stamp(20) }))
    const first = decideToggle(other, before)
    expect(first.emarketeerTarget).toBe('withdrawn')
    const lost = planToggle(other, before, first).memory
    expect(verdict(other, lost)).toEqual(['T3', 'withdrawn', 'deny'])
  })
})
