import { isPositive, type LegalBasis } from '../legal-basis.js'
import type {
  CellMemory,
  Decision,
  Observation,
  RuleLine,
  ToggleValue,
  DecisionInputs,
  RecordReading,
} from './types.js'
import {
  carriesDeny,
  compare,
  comparedInputs,
  emarketeerActed,
  recordMoved,
  type Comparison,
} from './compare.js'
import {
  denyActMs,
  latestSetAfter,
  positiveActMs,
  setBeforePositive,
  stampsCount,
  usableStamp,
} from './stamps.js'
import { inheritedDenies } from './departed.js'
import { openGuards } from './doubt.js'
import { effectiveValue, isNobodysAct, TOGGLE } from './values.js'

/**
 * The rule for a CRM that holds allow or deny (lines T1 to T4), also for subscriptions (Yes = `consent`, No =
 * `withdrawn`). Pure.
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

/** T4: nothing recorded in eMarketeer never writes an allow (B7); a deny or a proven change in the CRM crosses. */
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
      crmMaybeOurs: facts.crmMaybeOurs,
      laterEmarketeer: later.emarketeer,
      laterCrm: later.crm,
      proof: later.proof,
      inheritedDeny: facts.inheritedDeny,
      // The spread comes last: Node 20 takes microseconds to add properties to a spread object.
      ...comparedInputs(comparison, observation),
    },
    unmapped: [],
    wantsStamp: restrictive && couldBeProvenByStamp(facts, line),
    ambiguous: restrictive && line === 'T2' && spoiledByUnrelatedEdit(facts),
  }
}

/** The side whose act is provably later; never both. */
interface Later {
  readonly emarketeer: boolean
  readonly crm: boolean
  readonly proof: DecisionInputs['proof']
}

/** Compares versions first, then stamps. */
function proveLater(facts: ToggleFacts): Later {
  const emarketeer = actedOverSeenDeny(facts) && facts.comparison.crmMoved === false
  const crm = flippedFromSeenDeny(facts)
  if (emarketeer || crm) {
    return { emarketeer, crm, proof: 'version' }
  }
  return proveByStamps(facts)
}

/** laterE except "the CRM did not move": eMarketeer acted on a cell with a known deny. */
function actedOverSeenDeny({ comparison, observation }: ToggleFacts): boolean {
  return (
    !comparison.recordSetChanged &&
    !carriesDeny(observation.records) &&
    // The deny must have been seen before: a deny that appears together with eMarketeer's move may be the later act.
    comparison.seen?.records.some((record) => record.value === 'deny') === true &&
    emarketeerActed(comparison, observation.emarketeer)
  )
}

/** laterD by version: a person lifted the last deny while eMarketeer did not move. */
function flippedFromSeenDeny({ comparison, crm, crmMaybeOurs }: ToggleFacts): boolean {
  return (
    !comparison.recordSetChanged &&
    // A change and its reversal show a new version with the old value; without a seen deny this would pass for an Allow
    // (ABA).
    comparison.seen?.records.some((record) => record.value === 'deny') === true &&
    crm === 'allow' &&
    comparison.crmMoved === true &&
    comparison.emarketeerMoved === false &&
    !crmMaybeOurs
  )
}

function proveByStamps(facts: ToggleFacts): Later {
  const { observation, comparison, memory, inheritedDeny } = facts
  const { emarketeer, records } = observation
  if (inheritedDeny || carriesDeny(observation.records) || !stampsCount(comparison, memory)) {
    return { emarketeer: false, crm: false, proof: 'none' }
  }
  const laterEmarketeer =
    !comparison.emarketeerMaybeOurs && setBeforePositive(denying(records), emarketeer)
  const laterCrm =
    facts.crm === 'allow' && !facts.crmMaybeOurs && latestSetAfter(records, denyActMs(emarketeer))
  const proven = laterEmarketeer || laterCrm
  return { emarketeer: laterEmarketeer, crm: laterCrm, proof: proven ? 'stamp' : 'none' }
}

/** Whether only a stamp is missing for a proof, so that reading the field history is worthwhile. */
function couldBeProvenByStamp(facts: ToggleFacts, line: RuleLine): boolean {
  const { observation, comparison, memory } = facts
  const { emarketeer, records } = observation
  if (facts.inheritedDeny || carriesDeny(observation.records) || !stampsCount(comparison, memory)) {
    return false
  }
  if (line === 'T2') {
    const missing = denying(records).filter(lacksStamp)
    const stamped = denying(records).filter((record) => !lacksStamp(record))
    return (
      positiveActMs(emarketeer) !== null &&
      !comparison.emarketeerMaybeOurs &&
      missing.length > 0 &&
      (stamped.length === 0 || setBeforePositive(stamped, emarketeer))
    )
  }
  return (
    denyActMs(emarketeer) !== null &&
    !facts.crmMaybeOurs &&
    records.some(lacksStamp) &&
    !records.some((record) => record.lastWriter === 'us')
  )
}

/** Whether eMarketeer's act would be proven later if no other column of the row had been edited. */
function spoiledByUnrelatedEdit(facts: ToggleFacts): boolean {
  const { pairs, crmMoved } = facts.comparison
  return (
    actedOverSeenDeny(facts) &&
    crmMoved === true &&
    pairs.every((pair) => recordMoved(pair) !== null && pair.now.value === pair.before?.value)
  )
}

interface ToggleFacts {
  readonly observation: Observation<ToggleValue>
  readonly memory: CellMemory<ToggleValue>
  readonly comparison: Comparison<ToggleValue>
  /** Deny if a live record denies or carries a deny, or a departed deny is not settled. */
  readonly crm: ToggleValue
  readonly inheritedDeny: boolean
  readonly crmMaybeOurs: boolean
}

function gatherToggleFacts(
  observation: Observation<ToggleValue>,
  memory: CellMemory<ToggleValue>,
): ToggleFacts {
  const { records } = observation
  const inheritedDeny = inheritedDenies(observation, memory, TOGGLE).length > 0
  const anyDenies = records.some((record) => effectiveValue(record, TOGGLE) === 'deny')
  return {
    observation,
    memory,
    comparison: compare(observation, memory),
    crm: anyDenies || inheritedDeny ? 'deny' : 'allow',
    inheritedDeny,
    crmMaybeOurs: records.some((record) => maybeOurAllow(record, memory.openAllow)),
  }
}

/** Whether the value may be our own Allow that landed late. Without this guard it would count as a CRM user's act. */
function maybeOurAllow(
  record: RecordReading<ToggleValue>,
  openAllow: Readonly<Record<string, string>>,
): boolean {
  return (
    record.value === 'allow' &&
    openGuards(record, openAllow).some((guard) => guard !== record.version)
  )
}

function denying(records: readonly RecordReading<ToggleValue>[]) {
  return records.filter((record) => record.value === 'deny')
}

/** Whether a stamp is missing although a person may have set the value. */
function lacksStamp(record: RecordReading<ToggleValue>): boolean {
  return usableStamp(record) === null && !isNobodysAct(record.lastWriter)
}
