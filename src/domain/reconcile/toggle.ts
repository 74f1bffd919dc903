import { isPositive, type LegalBasis } from '../legal-basis.js'
import { gatherToggleFacts, type ToggleFacts } from './toggle-facts.js'
import {
  couldBeProvenByStamp,
  proveLater,
  spoiledByUnrelatedEdit,
  type Later,
} from './toggle-proof.js'
import type { CellMemory, Decision, Observation, RuleLine, ToggleValue } from './types.js'

/**
 * The rule for a CRM that holds allow or deny (lines T1 to T4), also for subscriptions (Yes = `consent`,
 * No = `withdrawn`). Pure: the observation and what is stored decide, nothing else.
 */
export function decideToggle(
  observation: Observation<ToggleValue>,
  memory: CellMemory<ToggleValue>,
): Decision<ToggleValue> {
  const facts = gatherToggleFacts(observation, memory)
  const { basis } = observation.emarketeer
  const later = proveLater(facts)
  if (basis === 'none') {
    return decideNone(facts, later)
  }
  if (isPositive(basis) === (facts.crm === 'allow')) {
    return conclude(facts, later, 'T1', basis, facts.crm)
  }
  if (isPositive(basis)) {
    return later.emarketeer
      ? conclude(facts, later, 'T2', basis, 'allow')
      : conclude(facts, later, 'T2', 'withdrawn', 'deny')
  }
  return later.crm
    ? conclude(facts, later, 'T3', 'consent', 'allow')
    : conclude(facts, later, 'T3', 'withdrawn', 'deny')
}

/** T4: nothing recorded in eMarketeer never writes an allow (B7); a deny or a proven flip in the CRM crosses. */
function decideNone(facts: ToggleFacts, later: Later): Decision<ToggleValue> {
  if (facts.crm === 'deny') {
    return conclude(facts, later, 'T4', 'withdrawn', 'deny')
  }
  return conclude(facts, later, 'T4', later.crm ? 'consent' : 'none', 'allow')
}

function conclude(
  facts: ToggleFacts,
  later: Later,
  line: RuleLine,
  emarketeerTarget: LegalBasis,
  target: ToggleValue,
): Decision<ToggleValue> {
  const { comparison, observation } = facts
  const restrictive = emarketeerTarget === 'withdrawn' && (line === 'T2' || line === 'T3')
  return {
    line,
    emarketeerTarget,
    recordTargets: observation.records.map(({ recordId }) => ({ recordId, target })),
    inputs: {
      emarketeerMoved: comparison.emarketeerMoved,
      crmMoved: comparison.crmMoved,
      recordSetChanged: comparison.recordSetChanged,
      emarketeerMaybeOurs: comparison.emarketeerMaybeOurs,
      crmMaybeOurs: facts.crmMaybeOurs,
      laterEmarketeer: later.emarketeer,
      laterCrm: later.crm,
      proof: later.proof,
      seenEpochIsCurrent: comparison.seen !== null,
      carriedDeny: observation.records.some((record) => record.carriedDeny),
      inheritedDeny: facts.inheritedDeny,
    },
    unmapped: [],
    wantsStamp: restrictive && couldBeProvenByStamp(facts, line),
    ambiguous: restrictive && line === 'T2' && spoiledByUnrelatedEdit(facts),
  }
}
