import { describe, expect, it } from '@jest/globals'
import {
  EMPTY_MEMORY,
  decideRich,
  isDeny,
  makesMailable,
  planRich,
  type Observation,
} from '../../../src/domain/reconcile/index.js'
import type { CellKey } from '../../../src/domain/cell-key.js'
import type { LegalBasis } from '../../../src/domain/legal-basis.js'
import type { RichValue } from '../../../src/domain/tenant-basis.js'
import { emarketeer, observe, record } from './builders.js'

/** What the limit (F4) counts at one address of a rich CRM, at a first link. */
function counted(inEmarketeer: LegalBasis, inCrm: RichValue, cellKey: CellKey): boolean {
  const observation: Observation<RichValue> = observe(
    emarketeer(inEmarketeer, 1),
    record<RichValue>(inCrm, '1'),
  )
  const decision = decideRich(observation, EMPTY_MEMORY)
  const plan = planRich(observation, EMPTY_MEMORY, decision)
  return makesMailable({
    cellKey,
    values: 'rich',
    emarketeerBasis: inEmarketeer,
    observation,
    memory: EMPTY_MEMORY,
    decision,
    plan,
  })
}

describe('who becomes mailable, and so counts against the limit (F4)', () => {
  it.each([
    // A basis crosses to a side that has none: marketing requires one, storing does not.
    ['none', 'consent', 'marketingSendouts', true],
    ['consent', 'none', 'marketingSendouts', true],
    ['none', 'consent', 'storeAndProcess', false],
    // Equal values, and a withdrawal that crosses: nobody else becomes mailable.
    ['consent', 'consent', 'marketingSendouts', false],
    ['consent', 'withdrawn', 'marketingSendouts', false],
    ['withdrawn', 'consent', 'marketingSendouts', false],
  ] as const)('eMarketeer %s, the CRM %s, %s: %s', (inEmarketeer, inCrm, cellKey, expected) => {
    expect(counted(inEmarketeer, inCrm, cellKey)).toBe(expected)
  })
})

it.each([
  ['withdrawn', true],
  ['deny', true],
  ['allow', false],
  ['consent', false],
  ['none', false],
  // Not read: neither.
  [null, false],
] as const)('a consent of %s denies: %s', (value, denies) => {
  expect(isDeny({ value })).toBe(denies)
})
