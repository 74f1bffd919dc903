import { describe, expect, it } from '@jest/globals'
import { judgeStamp, type StampEvidence } from '../../../src/crm/dynamics/history/field-history.js'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const readAt = Date.UTC(2026, 10, 21, 12)
const flippedAt = readAt - HOUR_MS

const evidence: StampEvidence = {
  contactId: 'c',
  entry: { auditId: 'a', createdMs: flippedAt, userId: 'person' },
  newValue: true,
  presentValue: true,
  modifiedMs: flippedAt,
  auditReadAtMs: readAt,
  offsetMs: 300,
  roundTripMs: 40,
  ownUserId: 'Us',
}

describe('a stamp of the audit', () => {
  it('counts when it explains the present value', () => {
    expect(judgeStamp(evidence)).toEqual({
      contactId: 'c',
      value: 'deny',
      atMs: flippedAt,
      epsMs: 2_000,
      userId: 'person',
    })
    expect(judgeStamp({ ...evidence, newValue: false, presentValue: false })?.value).toBe('allow')
  })

  it('is as uncertain as the clocks', () => {
    expect(judgeStamp({ ...evidence, offsetMs: -4_000, roundTripMs: 101 })?.epsMs).toBe(4_051)
  })

  it('counts though other columns were changed, once the audit must have caught up', () => {
    const at = (minutes: number) =>
      judgeStamp({ ...evidence, modifiedMs: readAt - minutes * MINUTE_MS })
    expect(at(15)).not.toBeNull()
    expect(at(14.9)).toBeNull()
  })

  it('counts a moment after the flip, when the flip is what modified the contact', () => {
    const createdMs = readAt - 3_000
    const entry = { ...evidence.entry, createdMs }
    expect(judgeStamp({ ...evidence, entry, modifiedMs: createdMs })).not.toBeNull()
    expect(judgeStamp({ ...evidence, entry, modifiedMs: createdMs + 1_000 })).toBeNull()
  })

  it.each<[string, Partial<StampEvidence>]>([
    ['by us', { entry: { ...evidence.entry, userId: 'us' } }],
    ['by nobody known', { entry: { ...evidence.entry, userId: null } }],
    ['while we do not know ourselves', { ownUserId: null }],
    ['of another value than the present one', { presentValue: false }],
    ['of a value that cannot be read', { presentValue: null }],
    ['of a contact whose time is unknown', { modifiedMs: null }],
    ['of the future', { entry: { ...evidence.entry, createdMs: readAt + 2_001 } }],
    ['of a clock that is far off', { offsetMs: 5 * MINUTE_MS + 1 }],
    ['of a clock that is far behind', { offsetMs: -5 * MINUTE_MS - 1 }],
  ])('%s proves nothing', (_what, changes) => {
    expect(judgeStamp({ ...evidence, ...changes })).toBeNull()
  })
})
