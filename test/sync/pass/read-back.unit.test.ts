import { describe, expect, it } from '@jest/globals'
import type { CrmConsent, CrmWrite, CrmWriteOutcome } from '../../../src/crm/crm.js'
import { decideBatch } from '../../../src/sync/pass/decide-cells.js'
import { acknowledged, isOvertaken, versionAfter } from '../../../src/sync/pass/read-back.js'
import type { PendingCell } from '../../../src/sync/pass/write-jobs.js'
import { BASES, batch, cell, consent, contact, openCrm, TOGGLES, view } from '../support/views.js'

type Applied = Extract<CrmWriteOutcome, { status: 'applied' }>

const applied = (version: string | null, readBack?: CrmConsent): Applied => ({
  status: 'applied',
  version,
  rowId: null,
  ...(readBack ? { readBack } : {}),
})

/** We read version 1 and wrote `withdrawn`: eMarketeer is withdrawn, the record is not. */
function pending(value: 'allow' | 'consent'): PendingCell {
  const here = view({ contacts: [contact(value)], cells: [cell('withdrawn')] })
  const crm = openCrm(value === 'allow' ? TOGGLES : BASES)
  const [decided] = decideBatch(batch([here]), crm).cells
  return { cell: decided!, eventId: 'event', memory: decided!.plan.memory }
}
const WRITE: CrmWrite = {
  kind: 'consent',
  contactId: 'ann',
  purpose: 'marketingSendouts',
  value: 'withdrawn',
  expectedVersion: '1',
}
const ours = (version: string, more: Partial<CrmConsent> = {}) =>
  consent('withdrawn', { version, lastWriter: 'us', ...more })

/** docs/sync.md, "No conditional write". */
describe('a write that is read back', () => {
  const overtaken = (readBack?: CrmConsent) =>
    isOvertaken(WRITE, applied('2', readBack), pending('consent'))

  it('stands where it is ours, on exactly the row that we had read', () => {
    expect(overtaken(ours('2'))).toBe(false)
  })

  it.each<[string, CrmConsent]>([
    ['somebody else wrote the row', ours('2', { lastWriter: 'user' })],
    ['it is not known who wrote it', ours('2', { lastWriter: 'unknown' })],
    ['another value stands', { ...ours('2'), value: 'consent' }],
    ['it cannot be read', { ...ours('2'), value: null }],
    ['somebody wrote in between', ours('3')],
    ['the row stands as it was', ours('1')],
  ])('is overtaken where %s', (_, readBack) => {
    expect(overtaken(readBack)).toBe(true)
  })

  it('is not, where the CRM refuses a stale write: nothing is read back', () => {
    expect(overtaken()).toBe(false)
  })

  it('is not, of a subscription: those are toggles', () => {
    const row: CrmWrite = {
      kind: 'subscription',
      rowId: 'r',
      subscribed: false,
      expectedVersion: '1',
    }
    expect(isOvertaken(row, applied('2', ours('3')), pending('consent'))).toBe(false)
  })
})

describe('the version after a write', () => {
  it('is what was read back, else what the answer returned', () => {
    expect(versionAfter(applied('2'))).toBe('2')
    expect(versionAfter(applied(null))).toBeNull()
    expect(versionAfter(applied('2', ours('5')))).toBe('5')
  })

  it('is not known where what was read back cannot be read', () => {
    expect(versionAfter(applied('2', { ...ours('2'), value: null }))).toBeNull()
  })
})

describe('what is remembered of a write', () => {
  const seen = (memory: PendingCell['memory']) => memory.seen?.records

  it('before it: what was read, and what was about to be written', () => {
    expect(seen(pending('consent').memory)).toMatchObject([
      { recordId: 'ann', value: 'consent', version: '1', want: 'withdrawn' },
    ])
  })

  it('of a toggle: the value, and the version that the answer returned', () => {
    const write: CrmWrite = { ...WRITE, value: 'deny' }
    expect(seen(acknowledged(pending('allow'), write, applied('2')))).toEqual([
      { recordId: 'ann', value: 'deny', version: '2', want: null },
    ])
    expect(seen(acknowledged(pending('allow'), write, applied(null)))).toMatchObject([
      { value: 'deny', version: null },
    ])
  })

  it('of a basis: what was read back, where it is ours', () => {
    expect(seen(acknowledged(pending('consent'), WRITE, applied('2', ours('2'))))).toEqual([
      { recordId: 'ann', value: 'withdrawn', version: '2', want: null },
    ])
  })

  it.each<[string, CrmConsent]>([
    ['was overtaken', ours('3')],
    ['is somebody else’s', ours('2', { lastWriter: 'user' })],
    ['cannot be read', { ...ours('2'), value: null }],
  ])('stays as it was where the row %s: R0 finds what may lie under it', (_, readBack) => {
    const before = pending('consent')
    expect(acknowledged(before, WRITE, applied('2', readBack))).toEqual(before.memory)
  })

  it('stays as it was where rows were made or removed', () => {
    const before = pending('allow')
    const writes: CrmWrite[] = [
      { kind: 'deleteSubscription', rowId: 'r', expectedVersion: '1' },
      {
        kind: 'createSubscription',
        contactId: 'ann',
        categoryId: 'news',
        categoryName: 'News',
        subscribed: true,
      },
    ]
    for (const write of writes) {
      expect(acknowledged(before, write, applied('2'))).toBe(before.memory)
    }
  })
})
