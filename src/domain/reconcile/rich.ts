import { isPositive, type LegalBasis } from '../legal-basis.js'
import {
  meaningOf,
  NOTHING_MAPPED,
  type BasisMapping,
  type Meaning,
  type RichValue,
} from '../tenant-basis.js'
import { anyInDoubt, isNextVersion, isSetByUser, lastKnown } from './doubt.js'
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
import {
  carriesDeny,
  compare,
  comparedInputs,
  emarketeerActed,
  recordMoved,
  type Comparison,
} from './compare.js'
import { inheritedDenies } from './departed.js'

/** The targets of a decision. */
interface Verdict {
  readonly line: RuleLine
  readonly emarketeer: LegalBasis
  /** Target of the oldest record (`none`: unchanged); the others follow, except a withdrawn younger record. */
  readonly crm: LegalBasis
}

/** The rule for a CRM that holds the basis itself: the first of lines R0 to R5 that fits. Pure. */
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
        index === 0 ? oldestTarget(record, verdict) : youngerTarget(record, verdict, mapping)
      return { recordId: record.recordId, target: asSpelt(record, target, mapping) }
    }),
    inputs: {
      crmMaybeOurs: facts.oldest.lastWriter === 'us',
      laterEmarketeer: facts.laterEmarketeer,
      laterCrm: facts.laterCrm,
      proof: facts.proof,
      inheritedDeny: facts.inheritedDeny,
      rowTime: facts.rowTime,
      // The spread comes last: Node 20 takes microseconds to add properties to a spread object.
      ...comparedInputs(comparison, observation),
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

/**
 * R5: a basis without a counterpart is neither a deny nor a basis. Only a withdrawal from eMarketeer crosses to it
 * (C2).
 */
function beyondMapping(e: LegalBasis): Verdict {
  return e === 'withdrawn' ? both('R5', e) : { line: 'R5', emarketeer: e, crm: 'none' }
}

/**
 * R2: a withdrawal always crosses. A positive basis crosses only if a person set it: not if we or a default did, and not
 * if a user then only saved it again.
 */
function crossToNone(facts: RichFacts, e: LegalBasis, d: LegalBasis): Verdict {
  if (e === 'withdrawn' || d === 'withdrawn') {
    return both('R2', 'withdrawn')
  }
  const set = d === 'none' ? !facts.comparison.emarketeerMaybeOurs : facts.oldestSetByUser
  return set ? both('R2', d === 'none' ? e : d) : { line: 'R2', emarketeer: e, crm: d }
}

/** R4 without proof: a CRM default loses; else the nuanced basis stays (I4), and of two nuanced ones eMarketeer's. */
function preferredPositive(facts: RichFacts, e: LegalBasis, d: LegalBasis): LegalBasis {
  return e !== 'consent' || facts.oldest.lastWriter === 'default' ? e : d
}

function both(line: RuleLine, value: LegalBasis): Verdict {
  return { line, emarketeer: value, crm: value }
}

/** Keeps a tenant's own basis that already means the target: equal values are never written. */
function asSpelt(
  { value }: RecordReading<RichValue>,
  target: RichValue,
  mapping: BasisMapping,
): RichValue {
  return meaningOf(value, mapping) === target ? value : target
}

/** `none` is never written: a row cannot be removed. */
function oldestTarget(record: RecordReading<RichValue>, { crm }: Verdict): RichValue {
  return crm === 'none' ? record.value : crm
}

/**
 * The target of a younger record. A positive basis overwrites neither its withdrawal (C5), which the gate respects, nor
 * an unmapped basis of the tenant's own (C2).
 */
function youngerTarget(
  record: RecordReading<RichValue>,
  verdict: Verdict,
  mapping: BasisMapping,
): RichValue {
  if (verdict.crm === 'withdrawn' || effectiveValue(record, RICH) === 'withdrawn') {
    return 'withdrawn'
  }
  // If nothing crossed, nothing spreads to the younger records.
  const spreads = verdict.emarketeer === verdict.crm && isPositive(verdict.crm)
  return spreads && meaningOf(record.value, mapping) !== 'unmapped' ? verdict.crm : record.value
}

/** Whether only the oldest row's stamp is missing for a proof. */
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

interface RichFacts {
  readonly observation: Observation<RichValue>
  readonly comparison: Comparison<RichValue>
  /** The oldest live record, which decides (rule C5). */
  readonly oldest: RecordReading<RichValue>
  readonly oldestSetByUser: boolean
  /** Meaning of the oldest record's value; withdrawn if a deny is carried or inherited. */
  readonly crm: Meaning
  readonly inheritedDeny: boolean
  readonly laterEmarketeer: boolean
  readonly laterCrm: boolean
  readonly proof: DecisionInputs['proof']
  readonly rowTime: RowTime
}

/**
 * Reads the facts of the rich table.
 *
 * @throws RangeError without a live record: not retryable, a fault of the caller.
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
    oldestSetByUser: isSetByUser(oldest, lastKnown(oldest, memory)),
    crm: meaningOf(inheritedDeny ? RICH.deny : effectiveValue(oldest, RICH), mapping),
    inheritedDeny,
    rowTime: rowTimeOf(observation, comparison, oldest),
  }
  const carried = carriesDeny(records)
  const blind = inheritedDeny || carried
  const laterEmarketeer = !carried && actedAgainstUnmovedCrm(base)
  const laterCrm = !blind && personChangedOldest(base)
  const proven: Proven =
    laterEmarketeer || laterCrm
      ? { laterEmarketeer, laterCrm, proof: 'version' }
      : blind || !stampsCount(comparison, memory)
        ? { laterEmarketeer: false, laterCrm: false, proof: 'none' }
        : proveByStamps(base)
  // Not `{ ...base, …more }`: adding properties to a spread object takes Node 20 ten times as long as the rest of a
  // decision.
  return Object.assign(base, proven)
}

type Proven = Pick<RichFacts, 'laterEmarketeer' | 'laterCrm' | 'proof'>
type Base = Omit<RichFacts, keyof Proven>

/** laterE by version: only eMarketeer moved. Our own clean write does not count as a move of the CRM. */
function actedAgainstUnmovedCrm({ comparison, observation }: Base): boolean {
  return (
    !comparison.recordSetChanged &&
    emarketeerActed(comparison, observation.emarketeer) &&
    // R0 was checked before, so no unclean row of ours gets here.
    comparison.pairs.every((pair) => recordMoved(pair) === false || pair.now.lastWriter === 'us')
  )
}

/** laterD by version: a person changed the oldest row while eMarketeer did not move. */
function personChangedOldest({ comparison, oldest }: Base): boolean {
  const pair = comparison.pairs[0]
  return (
    pair?.before !== undefined &&
    !comparison.recordSetChanged &&
    comparison.emarketeerMoved === false &&
    recordMoved(pair) === true &&
    // Saving the same value again is not an act ("saved again, no guard").
    oldest.value !== pair.before.value &&
    oldest.lastWriter === 'user'
  )
}

/**
 * Proof by stamps. Saving a row again only makes its stamp later. This does no harm to laterE; laterD needs the checks
 * of {@link rowTimeOf}.
 */
function proveByStamps({ observation, comparison, oldest, rowTime }: Base): Proven {
  const { emarketeer } = observation
  const laterEmarketeer = !comparison.emarketeerMaybeOurs && setBeforePositive([oldest], emarketeer)
  const laterCrm = rowTime === 'counts' && latestSetAfter([oldest], lastActMs(emarketeer))
  return { laterEmarketeer, laterCrm, proof: laterEmarketeer || laterCrm ? 'stamp' : 'none' }
}

/**
 * What the oldest row's stamp is worth. Saving a person's card may touch the row, so the stamp belongs to an act only
 * if the row was written exactly once in this epoch and holds another value ("saved again, row stamps").
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
    // Without a former row, only the CRM can show that nobody wrote after the insertion.
    (before.version !== 'none' || oldest.onlyInserted === true)
  return !once ? 'writtenAgain' : countsWrites ? 'counts' : 'notCounted'
}

/** Whether eMarketeer's act would be proven later if nobody had saved the row again unchanged. */
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
