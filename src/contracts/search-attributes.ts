import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common'
import type { Phase, Trigger } from './names.js'

const KEYS = {
  connectionId: defineSearchAttributeKey('ConnectionId', 'KEYWORD'),
  crm: defineSearchAttributeKey('Crm', 'KEYWORD'),
  phase: defineSearchAttributeKey('Phase', 'KEYWORD'),
  tier: defineSearchAttributeKey('Tier', 'KEYWORD'),
}

export interface SearchFacts {
  /** Absent: unchanged; unknown for a refused input. */
  readonly connectionId?: string
  readonly crm?: string
  readonly phase?: Phase
  readonly tier?: Trigger
}

/** Search attributes of a workflow. They never contain personal data. */
export function searchAttributes(facts: SearchFacts): TypedSearchAttributes {
  return new TypedSearchAttributes([
    ...(facts.connectionId === undefined
      ? []
      : [{ key: KEYS.connectionId, value: facts.connectionId }]),
    ...(facts.crm === undefined ? [] : [{ key: KEYS.crm, value: facts.crm }]),
    ...(facts.phase === undefined ? [] : [{ key: KEYS.phase, value: facts.phase as string }]),
    ...(facts.tier === undefined ? [] : [{ key: KEYS.tier, value: facts.tier as string }]),
  ])
}
