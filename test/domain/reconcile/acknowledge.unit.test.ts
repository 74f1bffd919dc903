import { describe, expect, it } from '@jest/globals'
import {
  acknowledgeEmarketeer,
  acknowledgeRichRecord,
  acknowledgeToggleRecord,
  decideRich,
  decideToggle,
  EMPTY_MEMORY,
  planRich,
  planToggle,
  type ToggleValue,
} from '../../../src/domain/reconcile/index.js'
import type { LegalBasis } from '../../../src/domain/legal-basis.js'
import { emarketeer, memoryOf, observe, record } from './builders.js'

describe('a toggle record', () => {
  const before = memoryOf<ToggleValue>(emarketeer('withdrawn', 1), record('deny', 'x'))
  const obs = observe<ToggleValue>(emarketeer('consent', 2), record('deny', 'x'))
  const planned = planToggle(obs, before, decideToggle(obs, before)).memory

  it('keeps the guard of an Allow until it is acknowledged', () => {
    expect(planned.openAllow).toEqual({ r1: 'x' })
    expect(planned.seen?.records).toEqual([
      { recordId: 'r1', value: 'deny', version: 'x', want: 'allow' },
    ])
    const done = acknowledgeToggleRecord(planned, 'r1', 'allow', 'x2')
    expect(done.openAllow).toEqual({})
    expect(done.seen?.records).toEqual([
      { recordId: 'r1', value: 'allow', version: 'x2', want: null },
    ])
  })

  it('drops the guard where a deny is seen at a newer version, and keeps it at the same', () => {
    const next = (version: string) => {
      const seen = observe<ToggleValue>(emarketeer('withdrawn', 3), record('deny', version))
      return planToggle(seen, planned, decideToggle(seen, planned)).memory.openAllow
    }
    expect(next('x')).toEqual({ r1: 'x' })
    expect(next('x9')).toEqual({})
  })

  it('is unproven after an acknowledgement without a version', () => {
    const done = acknowledgeToggleRecord(planned, 'r1', 'allow', null)
    const flipped = observe<ToggleValue>(emarketeer('consent', 2), record('deny', 'x3'))
    expect(decideToggle(flipped, done).inputs.crmMoved).toBeNull()
  })
})

describe('eMarketeer', () => {
  it('keeps the guard of a loosening write until it is acknowledged or seen denied at a newer version', () => {
    const before = memoryOf<ToggleValue>(emarketeer('withdrawn', 1), record('deny', 'x'))
    const obs = observe<ToggleValue>(emarketeer('withdrawn', 1), record('allow', 'x2'))
    const planned = planToggle(obs, before, decideToggle(obs, before)).memory
    expect(planned.openLoosen).toBe(1)
    const done = acknowledgeEmarketeer(planned, 'consent', 2)
    expect([done.openLoosen, done.seen?.basis, done.seen?.version]).toEqual([null, 'consent', 2])
    const denied = observe<ToggleValue>(emarketeer('withdrawn', 2), record('deny', 'x3'))
    expect(planToggle(denied, planned, decideToggle(denied, planned)).memory.openLoosen).toBeNull()
  })

  it('can be acknowledged without a stored observation', () => {
    expect(acknowledgeEmarketeer(EMPTY_MEMORY, 'withdrawn', 1)).toEqual(EMPTY_MEMORY)
  })
})

describe('a rich record', () => {
  const obs = observe<LegalBasis>(emarketeer('contract', 1), record<LegalBasis>('none', 'none'))
  const planned = planRich(obs, EMPTY_MEMORY, decideRich(obs, EMPTY_MEMORY)).memory
  const back = { recordId: 'r1', value: 'contract', version: '1', lastWriter: 'us' } as const

  it('is stored when our own write is read back on the row that was read', () => {
    expect(acknowledgeRichRecord(planned, back, 1).seen?.records).toEqual([
      { recordId: 'r1', value: 'contract', version: '1', want: null },
    ])
  })

  it.each([
    ['another version', { ...back, version: '2' }],
    ['another value', { ...back, value: 'consent' as const }],
    ['another writer', { ...back, lastWriter: 'user' as const }],
    ['another record', { ...back, recordId: 'r9' }],
  ])('changes nothing on %s', (_, readBack) => {
    expect(acknowledgeRichRecord(planned, readBack, 1)).toBe(planned)
  })
})
