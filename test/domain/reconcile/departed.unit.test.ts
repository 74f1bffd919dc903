import { describe, expect, it } from '@jest/globals'
import {
  acknowledgeEmarketeer,
  arrivedDenies,
  decideRich,
  decideToggle,
  denyOfLeaver,
  EMPTY_MEMORY,
  hasInheritedDeny,
  planRich,
  planToggle,
  RICH,
  TOGGLE,
  type ToggleValue,
} from '../../../src/domain/reconcile/index.js'
import type { LegalBasis } from '../../../src/domain/legal-basis.js'
import { emarketeer, EPOCH, memoryOf, observe, record } from './builders.js'

describe('a deny whose record leaves before it reached eMarketeer', () => {
  const yes = emarketeer('consent', 1)
  const stays = record<ToggleValue>('allow', 'a')
  const before = memoryOf(yes, stays, record<ToggleValue>('deny', 'x', { recordId: 'r2' }))
  const alone = observe(yes, stays)

  it('still closes the gate, withdraws, and is remembered until eMarketeer is seen withdrawn', () => {
    expect(hasInheritedDeny(alone, before, TOGGLE)).toBe(true)
    const decision = decideToggle(alone, before)
    expect([decision.line, decision.emarketeerTarget]).toEqual(['T2', 'withdrawn'])
    const { memory } = planToggle(alone, before, decision)
    // The write was lost: the next pass decides the same, although the record set did not change again.
    expect(decideToggle(alone, memory).emarketeerTarget).toBe('withdrawn')
    const withdrawn = observe(emarketeer('withdrawn', 2), stays)
    const settled = planToggle(withdrawn, memory, decideToggle(withdrawn, memory)).memory
    expect(settled.seen?.records.map(({ recordId }) => recordId)).toEqual(['r1'])
  })

  it('gives way to a later act in eMarketeer, once that is provable', () => {
    const { memory } = planToggle(alone, before, decideToggle(alone, before))
    const withdrawn = acknowledgeEmarketeer(memory, 'withdrawn', 2)
    const again = observe(emarketeer('consent', 3), stays)
    const decision = decideToggle(again, withdrawn)
    expect([decision.line, decision.emarketeerTarget]).toEqual(['T2', 'consent'])
    expect(hasInheritedDeny(again, planToggle(again, withdrawn, decision).memory, TOGGLE)).toBe(
      false,
    )
  })

  it('is nothing to inherit where eMarketeer held it already', () => {
    const held = memoryOf(
      emarketeer('withdrawn', 1),
      record<ToggleValue>('deny', 'x', { recordId: 'r2' }),
    )
    expect(hasInheritedDeny(observe(emarketeer('consent', 2), stays), held, TOGGLE)).toBe(false)
  })

  it('is not settled by what an older epoch saw in eMarketeer (a restore may have taken it away)', () => {
    const held = memoryOf(
      emarketeer('withdrawn', 1),
      record<ToggleValue>('deny', 'x', { recordId: 'r2' }),
    )
    const restored = { ...observe(emarketeer('consent', 2), stays), epoch: EPOCH + 1 }
    expect(hasInheritedDeny(restored, held, TOGGLE)).toBe(true)
    expect(decideToggle(restored, held).emarketeerTarget).toBe('withdrawn')
    const left = { ...held, seen: { ...held.seen!, records: [] } }
    expect(hasInheritedDeny(restored, left, TOGGLE)).toBe(false)
  })

  it('is not known by what an older epoch saw of its record, which leaves as a deny', () => {
    const denies = record<ToggleValue>('deny', 'x')
    const held = memoryOf(emarketeer('withdrawn', 1), denies)
    expect(denyOfLeaver([denies], held, TOGGLE, EPOCH)).toBeNull()
    expect(denyOfLeaver([denies], held, TOGGLE, EPOCH + 1)).toEqual({
      ...held.seen!.records[0],
      left: true,
    })
  })

  it('counts in a rich CRM too, as does a write that was never read back', () => {
    const rest = observe<LegalBasis>(yes, record<LegalBasis>('consent', '1'))
    const denied = memoryOf(
      yes,
      record<LegalBasis>('withdrawn', '3', { recordId: 'r2' }),
      ...rest.records,
    )
    expect(hasInheritedDeny(rest, denied, RICH)).toBe(true)
    expect(decideRich(rest, denied).emarketeerTarget).toBe('withdrawn')
    const both = observe<LegalBasis>(
      yes,
      record<LegalBasis>('none', 'none', { recordId: 'r2' }),
      ...rest.records,
    )
    const written = planRich(both, EMPTY_MEMORY, decideRich(both, EMPTY_MEMORY)).memory
    expect(hasInheritedDeny(rest, written, RICH)).toBe(true)
  })
})

describe('a carried deny', () => {
  const marked = (value: ToggleValue, version: string) =>
    observe(emarketeer('consent', 1), record(value, version, { carriedDeny: true }))

  it('counts as deny, and is written to the record', () => {
    const obs = marked('allow', 'a')
    const { writes } = planToggle(obs, EMPTY_MEMORY, decideToggle(obs, EMPTY_MEMORY))
    expect(writes.map(({ value }) => value)).toEqual(['deny', 'withdrawn'])
    expect(arrivedDenies(obs, EMPTY_MEMORY)).toEqual([])
  })

  it('has arrived once the record denies and no Allow of ours can land', () => {
    const obs = marked('deny', 'b')
    expect(arrivedDenies(obs, EMPTY_MEMORY)).toEqual(['r1'])
    expect(arrivedDenies(obs, { ...EMPTY_MEMORY, openAllow: { r1: 'b' } })).toEqual([])
  })
})
