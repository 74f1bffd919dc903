import { isPositive } from '../legal-basis.js'
import { carriesDeny } from './compare.js'
import { lastSeen } from './doubt.js'
import {
  type CellMemory,
  type CellWrite,
  type Decision,
  type DecisionInputs,
  type Observation,
  type Plan,
  type RecordReading,
  type RuleLine,
  EMPTY_MEMORY,
} from './types.js'
import { effectiveValue, type ValueKind } from './values.js'
import { hasInheritedDeny } from './departed.js'

/**
 * Decides a cell with an unreadable record. The other records still count, but the unreadable one may hold any value:
 * nothing loosens, no act counts as the later one, and only new denies cross, in either direction. Pure.
 *
 * @param observation of the readable records; may be empty.
 * @param isOldestRead whether the oldest record is among them.
 */
export function decidePartly<V>(
  observation: Observation<V>,
  memory: CellMemory<V>,
  kind: ValueKind<V>,
  isOldestRead: boolean,
): Decision<V> {
  const { emarketeer, records, epoch } = observation
  const { basis, version } = emarketeer
  const seen = memory.seen?.epoch === epoch ? memory.seen : null
  // In a rich CRM the oldest record decides, and a younger record's withdrawal stays on its own row (C5).
  const binds = (index: number) => !kind.blind || (index === 0 && isOldestRead)
  const binding = records.filter((record, index) => record.carriedDeny || binds(index))
  const denies = binding.some((record) => isUnarrivedDeny(record, memory, seen?.basis, kind))
  const withdrawn = basis === 'withdrawn' && seen?.version !== version
  return {
    line: lineOf(basis, kind),
    emarketeerTarget: denies ? 'withdrawn' : basis,
    recordTargets: records.map(({ recordId, value }) => ({
      recordId,
      target: withdrawn ? kind.deny : value,
    })),
    inputs: withoutProof(observation, memory, carriesDeny(records)),
    unmapped: [],
    wantsStamp: false,
    ambiguous: false,
  }
}

/**
 * The writes of {@link decidePartly}. The last complete observation is kept, so that the next complete one can be
 * compared with it.
 */
export function planPartly<V>(
  { emarketeer, records }: Observation<V>,
  memory: CellMemory<V>,
  { emarketeerTarget, recordTargets }: Decision<V>,
): Plan<V> {
  const targets = new Map(recordTargets.map(({ recordId, target }) => [recordId, target]))
  const toCrm = records.flatMap(({ recordId, value, version }): CellWrite<V>[] => {
    const target = targets.get(recordId) ?? value
    return target === value
      ? []
      : [{ side: 'crm', recordId, value: target, expectedVersion: version, loosens: false }]
  })
  const own: CellWrite<V> = {
    side: 'emarketeer',
    value: emarketeerTarget,
    expectedVersion: emarketeer.version,
    loosens: false,
  }
  return { memory, writes: emarketeerTarget === emarketeer.basis ? toCrm : [...toCrm, own] }
}

/**
 * Whether eMarketeer may lack this deny. If it already had the deny of exactly this row, its present value may be a
 * later act.
 */
function isUnarrivedDeny<V>(
  record: RecordReading<V>,
  memory: CellMemory<V>,
  seenBasis: string | undefined,
  kind: ValueKind<V>,
): boolean {
  const before = lastSeen(memory, record.recordId)
  const isKnown =
    seenBasis === 'withdrawn' &&
    !record.carriedDeny &&
    before?.value === record.value &&
    before.version === record.version
  return effectiveValue(record, kind) === kind.deny && !isKnown
}

function lineOf<V>(basis: Observation<V>['emarketeer']['basis'], kind: ValueKind<V>): RuleLine {
  if (kind.blind) {
    return basis === 'none' ? 'R2' : 'R3'
  }
  return isPositive(basis) ? 'T2' : basis === 'none' ? 'T4' : 'T3'
}

/**
 * Decides a withdrawal of a record at its secondary address (C5), or of one that left an address without records (F5):
 * eMarketeer follows, and the record is not written to. Pure.
 *
 * @param observation of the records with this secondary address while they deny; may be empty.
 */
export function decideForHolders<V>(
  observation: Observation<V>,
  memory: CellMemory<V>,
): Decision<V> {
  const { basis } = observation.emarketeer
  return {
    line: basis === 'withdrawn' ? 'R1' : basis === 'none' ? 'R2' : 'R3',
    emarketeerTarget: 'withdrawn',
    recordTargets: [],
    inputs: withoutProof(observation, memory, true),
    unmapped: [],
    wantsStamp: false,
    ambiguous: false,
  }
}

/**
 * The write of {@link decideForHolders}. The observation from the time when the address had records of its own is kept.
 */
export function planForHolders<V>(
  observation: Observation<V>,
  memory: CellMemory<V>,
  kind: ValueKind<V>,
): Plan<V> {
  const { basis, version } = observation.emarketeer
  if (basis === 'withdrawn') {
    const openLoosen = memory.openLoosen === version ? version : null
    // The departed deny has reached eMarketeer. A record that comes back starts a new link.
    const hasArrived = openLoosen === null && hasInheritedDeny(observation, memory, kind)
    const { seen, departed } = hasArrived ? EMPTY_MEMORY : memory
    return { memory: { ...memory, openLoosen, seen, departed }, writes: [] }
  }
  return {
    memory,
    writes: [{ side: 'emarketeer', value: 'withdrawn', expectedVersion: version, loosens: false }],
  }
}

/** Inputs of a decision in which neither side counts as the later one. */
function withoutProof<V>(
  { emarketeer, epoch }: Observation<V>,
  memory: CellMemory<V>,
  carriedDeny: boolean,
): DecisionInputs {
  const seen = memory.seen?.epoch === epoch ? memory.seen : null
  return {
    emarketeerMoved: seen === null ? null : seen.version !== emarketeer.version,
    crmMoved: null,
    recordSetChanged: false,
    emarketeerMaybeOurs: false,
    crmMaybeOurs: false,
    laterEmarketeer: false,
    laterCrm: false,
    proof: 'none',
    seenEpochIsCurrent: seen !== null,
    carriedDeny,
    inheritedDeny: false,
  }
}
