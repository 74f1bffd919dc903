import { isPositive } from '../legal-basis.js'
import { meaningOf, NOTHING_MAPPED, type Meaning, type RichValue } from '../tenant-basis.js'
import { compare, emarketeerActed, recordMoved, type Comparison } from './compare.js'
import { inheritedDenies } from './departed.js'
import { isNextVersion } from './doubt.js'
import { lastActMs, latestSetAfter, setBeforePositive, stampsCount } from './stamps.js'
import type { CellMemory, DecisionInputs, Observation, RecordReading, RowTime } from './types.js'
import { effectiveValue, RICH } from './values.js'

/** What the lines of the rich table are read from. */
export interface RichFacts {
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
export function gatherRichFacts(
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
