import { describe, expect, it } from '@jest/globals'
import {
  decidePartly,
  EMPTY_MEMORY,
  planPartly,
  RICH,
  TOGGLE,
  type CellMemory,
  type Observation,
  type ToggleValue,
} from '../../../src/domain/reconcile/index.js'
import type { RichValue } from '../../../src/domain/tenant-basis.js'
import { emarketeer, memoryOf, observe, record } from './builders.js'

function writesOf(obs: Observation<ToggleValue>, memory: CellMemory<ToggleValue>) {
  const plan = planPartly(obs, memory, decidePartly(obs, memory, TOGGLE, true))
  expect(plan.memory).toBe(memory)
  return plan.writes.map(({ side, value }) => `${side}: ${value}`)
}

describe('a cell of which some record cannot be read (reconciliation.md, "Unreadable")', () => {
  const allows = record<ToggleValue>('allow', 'a')
  const denies = record<ToggleValue>('deny', 'b')
  const yes = emarketeer('consent', 1)

  it("takes another record's deny to eMarketeer", () => {
    expect(writesOf(observe(yes, denies), memoryOf(yes, allows))).toEqual(['emarketeer: withdrawn'])
    expect(writesOf(observe(yes, denies), EMPTY_MEMORY)).toEqual(['emarketeer: withdrawn'])
    const carried = record<ToggleValue>('allow', 'a', { carriedDeny: true })
    expect(writesOf(observe(yes, carried), memoryOf(yes, allows))).toEqual([
      'emarketeer: withdrawn',
    ])
  })

  it("writes eMarketeer's withdrawal to the records that can be read", () => {
    const withdrawn = emarketeer('withdrawn', 2)
    expect(writesOf(observe(withdrawn, allows), memoryOf(yes, allows))).toEqual(['crm: deny'])
    expect(writesOf(observe(withdrawn, allows), EMPTY_MEMORY)).toEqual(['crm: deny'])
  })

  it('loosens nothing, and takes back no act that may be the later one', () => {
    const withdrawn = emarketeer('withdrawn', 2)
    // A colleague's Allow after a withdrawal that both sides had; a consent after a deny that both sides had.
    expect(writesOf(observe(withdrawn, allows), memoryOf(withdrawn, denies))).toEqual([])
    expect(
      writesOf(observe(emarketeer('consent', 3), denies), memoryOf(withdrawn, denies)),
    ).toEqual([])
    expect(writesOf(observe(emarketeer('none', 0), allows), EMPTY_MEMORY)).toEqual([])
    expect(writesOf(observe(yes), EMPTY_MEMORY)).toEqual([])
  })

  it('knows nothing by an older epoch', () => {
    const held = memoryOf(emarketeer('withdrawn', 2), denies)
    const newEpoch = { ...observe(emarketeer('consent', 3), denies), epoch: 2 }
    expect(writesOf(newEpoch, held)).toEqual(['emarketeer: withdrawn'])
  })

  it("reads a rich CRM's oldest person; a younger one's withdrawal stays on its row (C5)", () => {
    const consents = record<RichValue>('consent', '1')
    const younger = record<RichValue>('withdrawn', '1', { recordId: 'r2' })
    const targetOf = (isOldestRead: boolean, ...records: (typeof consents)[]) =>
      decidePartly(observe<RichValue>(yes, ...records), EMPTY_MEMORY, RICH, isOldestRead)
        .emarketeerTarget
    expect(targetOf(true, consents, younger)).toBe('consent')
    expect(targetOf(false, younger)).toBe('consent')
    expect(targetOf(true, younger)).toBe('withdrawn')
  })
})
