import { describe, expect, it } from '@jest/globals'
import {
  decideRich,
  decideToggle,
  denyOfLeaver,
  EMPTY_MEMORY,
  planRich,
  planToggle,
  RICH,
  takenAlong,
  type ToggleValue,
} from '../../../src/domain/reconcile/index.js'
import type { RichValue } from '../../../src/domain/tenant-basis.js'
import { emarketeer, memoryOf, observe, record } from './builders.js'

describe('a record that comes back from another address, a late write from there under way', () => {
  const yes = emarketeer('consent', 1)
  const rests = record<RichValue>('consent', '1')
  const there = observe<RichValue>(emarketeer('legitimateInterest', 1), rests)
  const elsewhere = planRich(there, EMPTY_MEMORY, decideRich(there, EMPTY_MEMORY)).memory
  const along = takenAlong([rests], elsewhere)
  const back = { ...rests, leftWith: along }
  const here = memoryOf<RichValue>(yes, rests)

  it('is doubted by it once a pass has seen it here: a card saved over it is no act (R0)', () => {
    const obs = observe<RichValue>(yes, back)
    const { memory } = planRich(obs, here, decideRich(obs, here))
    expect(memory.seen?.records[0]?.open).toEqual(['legitimateInterest'])
    // Withdrawn (2), our late write over it (3), the card saved (4).
    const saved = observe<RichValue>(yes, record<RichValue>('legitimateInterest', '4'))
    const decision = decideRich(saved, memory)
    expect([decision.line, decision.emarketeerTarget]).toEqual(['R0', 'withdrawn'])
  })

  it('takes it along once more, where it leaves before any pass has seen it', () => {
    expect(takenAlong([back], here)).toEqual(along)
  })

  it('takes it along where it cannot be read as it leaves, too, and leaves as a deny (R0)', () => {
    const unread = { ...rests, value: null, version: '', lastWriter: 'unknown' } as const
    expect(takenAlong([rests, unread], elsewhere)).toEqual(along)
    expect(takenAlong([unread], elsewhere)).toEqual(along)
    expect(takenAlong([unread], EMPTY_MEMORY)).toBeNull()
    expect(denyOfLeaver([unread], EMPTY_MEMORY, RICH, 1)).toBeNull()
    const deny = { recordId: 'r1', value: 'withdrawn', version: null, want: null, left: true }
    const sent = { ...elsewhere, seen: { ...elsewhere.seen!, records: [along!.seen] } }
    expect(denyOfLeaver([unread], sent, RICH, 1)).toEqual(deny)
    expect(denyOfLeaver([{ ...unread, leftWith: along }], EMPTY_MEMORY, RICH, 1)).toEqual(deny)
    const marked = { ...unread, carriedDeny: true }
    expect(denyOfLeaver([marked], EMPTY_MEMORY, RICH, 1)).toEqual(deny)
  })

  it('leaves as a deny where what passes stored of it is malformed, and is in doubt where it comes to', () => {
    const malformed = { ...elsewhere, openAllow: 7 as never }
    const deny = { recordId: 'r1', value: 'withdrawn', version: null, want: null, left: true }
    expect(denyOfLeaver([rests], malformed, RICH, 1)).toEqual(deny)
    const ours = { ...rests, lastWriter: 'us' } as const
    const leftWith = takenAlong([ours], malformed)
    const obs = observe<RichValue>(yes, { ...ours, leftWith })
    expect(decideRich(obs, EMPTY_MEMORY).line).toBe('R0')
    const allow = record<ToggleValue>('allow', '1')
    const taken = takenAlong([allow], { ...EMPTY_MEMORY, seen: [] as never })
    const come = observe<ToggleValue>(emarketeer('none', 0), { ...allow, leftWith: taken })
    expect(decideToggle(come, EMPTY_MEMORY).inputs.crmMaybeOurs).toBe(true)
  })

  it('is in doubt where it comes to, if what we wrote to it may be forgotten', () => {
    const ours = { ...rests, lastWriter: 'us', forgotten: true } as const
    const leftWith = takenAlong([ours], EMPTY_MEMORY)
    const come = (lastWriter: 'us' | 'user') => {
      return decideRich(observe<RichValue>(yes, { ...ours, lastWriter, leftWith }), EMPTY_MEMORY)
    }
    expect(come('us').line).toBe('R0')
    expect(come('user').line).toBe('R1')
  })

  it('keeps the guard of an Allow from there, whatever guard this cell had', () => {
    const denies = record<ToggleValue>('deny', 'y')
    const held = memoryOf(emarketeer('withdrawn', 1), denies)
    const again = observe(emarketeer('consent', 2), denies)
    const sent = planToggle(again, held, decideToggle(again, held)).memory
    const returned = { ...denies, leftWith: takenAlong([denies], sent) }
    const stale = { ...EMPTY_MEMORY, openAllow: { r1: 'x' } }
    expect(takenAlong([returned], stale)?.openAllow).toBe('y')
    const withdrawn = emarketeer('withdrawn', 1)
    const obs = observe(withdrawn, returned)
    const { memory } = planToggle(obs, stale, decideToggle(obs, stale))
    expect(memory.openAllow).toEqual({ r1: 'y' })
    const landed = observe(withdrawn, record<ToggleValue>('allow', 'z'))
    expect(decideToggle(landed, memory).emarketeerTarget).toBe('withdrawn')
  })
})
