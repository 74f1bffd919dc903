import { isPositive, type LegalBasis } from '../legal-basis.js'
import {
  meaningOf,
  NOTHING_MAPPED,
  type BasisMapping,
  type Meaning,
  type RichValue,
} from '../tenant-basis.js'
import { anyInDoubt, isNextVersion } from './doubt.js'
import {
  lastActMs,
  positiveActMs,
  stampsCount,
  latestSetAfter,
  setBeforePositive,
} from './stamps.js'
import type {
  CellMemory,
  Decision,
  Observation,
  RecordReading,
  RuleLine,
  DecisionInputs,
  RowTime,
} from './types.js'
import { effectiveValue, isNobodysAct, RICH } from './values.js'
import { compare, emarketeerActed, recordMoved, type Comparison } from './compare.js'
import { inheritedDenies } from './departed.js'

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

/** What the lines of the rich table are read from. */
interface RichFacts {
  readonly observation: Observation<RichValue>
  readonly comparison: Comparison<RichValue>
  /** The person that is read: the oldest live one (rule C5). */
  readonly oldest: RecordReading<RichValue>
  /** What the oldest person's value means; withdrawn where a deny is carried or inherited. */
  readonly crm: Meaning
  readonly inheritedDeny: boolean
  readonly laterEmarketeer: boolean
  readonly laterCrm: boolean
  readonly proof: DecisionInputs['proof']
  readonly rowTime: RowTime
}

/**
 * Reads the facts off an observation and what is stored.
 *
 * @throws RangeError when there is no live record: not retryable, the caller's mistake.
 */
function gatherRichFacts(
  observation: Observation<RichValue>,
  memory: CellMemory<RichValue>,
): RichFacts {
  const { records, basisMapping: mapping = NOTHING_MAPPED } = observation
  const oldest = records[0]
  if (oldest === undefined) {
    throw new RangeError('an observation needs at least one live record')
  }
  const comparison = compare(observation, memory)
  const inheritedDeny = inheritedDenies(observation, memory, RICH).length > 0
  const base = {
    observation,
    comparison,
    oldest,
    crm: meaningOf(inheritedDeny ? RICH.deny : effectiveValue(oldest, RICH), mapping),
    inheritedDeny,
    rowTime: rowTimeOf(observation, comparison, oldest),
  }
  const blind = inheritedDeny || carriesDeny(records)
  const laterEmarketeer = !carriesDeny(records) && actedAgainstUnmovedCrm(base)
  const laterCrm = !blind && personChangedOldest(base)
  if (laterEmarketeer || laterCrm) {
    return { ...base, laterEmarketeer, laterCrm, proof: 'version' }
  }
  if (blind || !stampsCount(comparison, memory)) {
    return { ...base, laterEmarketeer: false, laterCrm: false, proof: 'none' }
  }
  return { ...base, ...proveByStamps(base) }
}

type Base = Omit<RichFacts, 'laterEmarketeer' | 'laterCrm' | 'proof'>

/** laterE by version: only eMarketeer moved; a clean move made by us is no move of the CRM. */
function actedAgainstUnmovedCrm({ comparison, observation }: Base): boolean {
  return (
    !comparison.recordSetChanged &&
    emarketeerActed(comparison, observation.emarketeer) &&
    // R0 has been asked before: a row that we wrote last and that is not clean never comes here.
    comparison.pairs.every((pair) => recordMoved(pair) === false || pair.now.lastWriter === 'us')
  )
}

/** laterD by version: a person changed the oldest row's value while eMarketeer stood still. */
function personChangedOldest({ comparison, oldest }: Base): boolean {
  const pair = comparison.pairs[0]
  return (
    pair?.before !== undefined &&
    !comparison.recordSetChanged &&
    comparison.emarketeerMoved === false &&
    recordMoved(pair) === true &&
    // Saved again with the same value is no act (saved again, no guard).
    oldest.value !== pair.before.value &&
    oldest.lastWriter === 'user'
  )
}

/** A touch only makes a stamp later: that takes no care for laterE, and all the care of {@link rowTimeOf} for laterD. */
function proveByStamps({
  observation,
  comparison,
  oldest,
  rowTime,
}: Base): Pick<RichFacts, 'laterEmarketeer' | 'laterCrm' | 'proof'> {
  const { emarketeer } = observation
  const laterEmarketeer = !comparison.emarketeerMaybeOurs && setBeforePositive([oldest], emarketeer)
  const laterCrm = rowTime === 'counts' && latestSetAfter([oldest], lastActMs(emarketeer))
  return { laterEmarketeer, laterCrm, proof: laterEmarketeer || laterCrm ? 'stamp' : 'none' }
}

/**
 * Whether the oldest row's stamp is that of a CRM user's act. Saving a person's card may touch the row, so only where it
 * was written exactly once since it was seen, in this epoch, and holds another value, that one write is the change
 * ("saved again, row stamps").
 */
function rowTimeOf(
  { countsWrites = false, firstVersion = null }: Observation<RichValue>,
  { seen, pairs }: Comparison<RichValue>,
  oldest: RecordReading<RichValue>,
): RowTime {
  const before = pairs[0]?.before
  if (oldest.stamp === null || oldest.lastWriter !== 'user') {
    return 'unknown'
  }
  if (seen === null || before === undefined) {
    return 'firstLink'
  }
  const once =
    oldest.value !== before.value &&
    isNextVersion(oldest, before.version, firstVersion) &&
    // Without a row before, only the CRM tells that nobody wrote between the insertion and this reading.
    (before.version !== 'none' || oldest.onlyInserted === true)
  return !once ? 'writtenAgain' : countsWrites ? 'counts' : 'notCounted'
}

/** When a carried deny was given is unknown, so nothing can be proven later than it. */
function carriesDeny(records: readonly RecordReading<RichValue>[]): boolean {
  return records.some((record) => record.carriedDeny)
}

/** Had nobody saved the row again unchanged, eMarketeer's act would have been proven the later. */
export function spoiledByUnrelatedEdit({
  comparison,
  observation,
  laterEmarketeer,
  laterCrm,
}: RichFacts): boolean {
  const moved = comparison.pairs.filter((pair) => recordMoved(pair) !== false)
  return (
    !laterEmarketeer &&
    !laterCrm &&
    !comparison.recordSetChanged &&
    isPositive(observation.emarketeer.basis) &&
    emarketeerActed(comparison, observation.emarketeer) &&
    moved.every(({ now, before }) => now.lastWriter === 'us' || now.value === before?.value)
  )
}
