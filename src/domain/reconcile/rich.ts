import { isPositive, type LegalBasis } from '../legal-basis.js'
import {
  meaningOf,
  NOTHING_MAPPED,
  type BasisMapping,
  type Meaning,
  type RichValue,
} from '../tenant-basis.js'
import { anyInDoubt } from './doubt.js'
import { gatherRichFacts, spoiledByUnrelatedEdit, type RichFacts } from './rich-facts.js'
import { lastActMs, positiveActMs, stampsCount } from './stamps.js'
import type { CellMemory, Decision, Observation, RecordReading, RuleLine } from './types.js'
import { effectiveValue, isNobodysAct, RICH } from './values.js'

/** The value that is to stand, or null on a side that keeps what it has. */
interface Verdict {
  readonly line: RuleLine
  readonly emarketeer: LegalBasis
  /** What the oldest is to hold (`none`: what it holds); the others follow, but for a withdrawn twin. */
  readonly crm: LegalBasis
}

/** The rule for a CRM that holds the basis itself (lines R0 to R5), the first that fits. Pure. */
export function decideRich(
  observation: Observation<RichValue>,
  memory: CellMemory<RichValue>,
): Decision<RichValue> {
  const facts = gatherRichFacts(observation, memory)
  const mapping = observation.basisMapping ?? NOTHING_MAPPED
  const isUnmapped = (record: RecordReading<RichValue>) =>
    meaningOf(record.value, mapping) === 'unmapped'
  const verdict = anyInDoubt(observation, memory)
    ? both('R0', 'withdrawn')
    : readTable(facts, observation.emarketeer.basis, facts.crm)
  const { comparison } = facts
  const unproven = (verdict.line === 'R3' || verdict.line === 'R4') && facts.proof === 'none'
  return {
    line: verdict.line,
    emarketeerTarget: verdict.emarketeer,
    recordTargets: observation.records.map((record, index) => {
      const target =
        index === 0 ? oldestTarget(record, verdict) : twinTarget(record, verdict, mapping)
      return { recordId: record.recordId, target: asSpelt(record, target, mapping) }
    }),
    inputs: {
      emarketeerMoved: comparison.emarketeerMoved,
      crmMoved: comparison.crmMoved,
      recordSetChanged: comparison.recordSetChanged,
      emarketeerMaybeOurs: comparison.emarketeerMaybeOurs,
      crmMaybeOurs: facts.oldest.lastWriter === 'us',
      laterEmarketeer: facts.laterEmarketeer,
      laterCrm: facts.laterCrm,
      proof: facts.proof,
      seenEpochIsCurrent: comparison.seen !== null,
      carriedDeny: observation.records.some((record) => record.carriedDeny),
      inheritedDeny: facts.inheritedDeny,
      rowTime: facts.rowTime,
    },
    unmapped: observation.records.filter(isUnmapped).map(({ recordId }) => recordId),
    wantsStamp: unproven && couldBeProvenByStamp(facts, memory),
    ambiguous: unproven && spoiledByUnrelatedEdit(facts),
  }
}

function readTable(facts: RichFacts, e: LegalBasis, d: Meaning): Verdict {
  if (d === 'unmapped') {
    return beyondMapping(e)
  }
  if (e === d) {
    return both('R1', e)
  }
  if (e === 'none' || d === 'none') {
    return crossToNone(facts, e, d)
  }
  const later = facts.laterEmarketeer ? e : facts.laterCrm ? d : null
  if (e === 'withdrawn' || d === 'withdrawn') {
    return both('R3', later ?? 'withdrawn')
  }
  return both('R4', later ?? preferredPositive(facts, e, d))
}

/** R5: a basis without a counterpart is neither a deny nor a basis; only a withdrawal crosses, and to it (C2). */
function beyondMapping(e: LegalBasis): Verdict {
  return e === 'withdrawn' ? both('R5', e) : { line: 'R5', emarketeer: e, crm: 'none' }
}

/** R2: a withdrawal always crosses; a positive basis only if a person set it: not we, not a default. */
function crossToNone(facts: RichFacts, e: LegalBasis, d: LegalBasis): Verdict {
  if (e === 'withdrawn' || d === 'withdrawn') {
    return both('R2', 'withdrawn')
  }
  const set =
    d === 'none' ? !facts.comparison.emarketeerMaybeOurs : facts.oldest.lastWriter === 'user'
  return set ? both('R2', d === 'none' ? e : d) : { line: 'R2', emarketeer: e, crm: d }
}

/** R4 without proof: a CRM default loses; else the nuanced basis stays (I4); two nuanced ones: eMarketeer's. */
function preferredPositive(facts: RichFacts, e: LegalBasis, d: LegalBasis): LegalBasis {
  return e !== 'consent' || facts.oldest.lastWriter === 'default' ? e : d
}

function both(line: RuleLine, value: LegalBasis): Verdict {
  return { line, emarketeer: value, crm: value }
}

/** A tenant's own basis that means what is to stand stays: an equal value is never written. */
function asSpelt(
  { value }: RecordReading<RichValue>,
  target: RichValue,
  mapping: BasisMapping,
): RichValue {
  return meaningOf(value, mapping) === target ? value : target
}

/** `none` is never written: a row cannot be taken away. */
function oldestTarget(record: RecordReading<RichValue>, { crm }: Verdict): RichValue {
  return crm === 'none' ? record.value : crm
}

/**
 * A positive basis never overwrites a younger person's withdrawal (C5): it is shown, and the gate excludes. Nor does it
 * overwrite a tenant's own basis that nothing maps (C2).
 */
function twinTarget(
  record: RecordReading<RichValue>,
  verdict: Verdict,
  mapping: BasisMapping,
): RichValue {
  if (verdict.crm === 'withdrawn' || effectiveValue(record, RICH) === 'withdrawn') {
    return 'withdrawn'
  }
  // Where nothing crossed there is no result to spread to the twins.
  const spreads = verdict.emarketeer === verdict.crm && isPositive(verdict.crm)
  return spreads && meaningOf(record.value, mapping) !== 'unmapped' ? verdict.crm : record.value
}

/** Only the oldest row's missing stamp stands between the cell and a proof. */
function couldBeProvenByStamp(facts: RichFacts, memory: CellMemory<RichValue>): boolean {
  const { observation, comparison, oldest } = facts
  const { emarketeer } = observation
  const timeKnown = positiveActMs(emarketeer) !== null || lastActMs(emarketeer) !== null
  return (
    timeKnown &&
    oldest.stamp === null &&
    !isNobodysAct(oldest.lastWriter) &&
    !facts.inheritedDeny &&
    !oldest.carriedDeny &&
    stampsCount(comparison, memory)
  )
}
