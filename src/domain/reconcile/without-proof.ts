import { isPositive } from '../legal-basis.js'
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
 * Where some record of a cell cannot be read: it does not hide the others, but what it holds may be anything. So nothing
 * loosens and nothing is taken for the later act; only what is new and denies crosses, either way. Pure.
 *
 * @param observation of the records that can be read; there may be none.
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
  // Of a rich CRM the oldest is read, and a younger person's withdrawal stays on its row (C5).
  const binds = (index: number) => !kind.blind || (index === 0 && isOldestRead)
  const binding = records.filter((record, index) => record.carriedDeny || binds(index))
  const denies = binding.some((record) => deniesAnew(record, memory, seen?.basis, kind))
  const withdrawn = basis === 'withdrawn' && seen?.version !== version
  return {
    line: lineOf(basis, kind),
    emarketeerTarget: denies ? 'withdrawn' : basis,
    recordTargets: records.map(({ recordId, value }) => ({
      recordId,
      target: withdrawn ? kind.deny : value,
    })),
    inputs: withoutProof(
      observation,
      memory,
      records.some((record) => record.carriedDeny),
    ),
    unmapped: [],
    wantsStamp: false,
    ambiguous: false,
  }
}

/** What was observed whole stays as it was: the next pass that can read everything compares with that. */
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

/** A deny that eMarketeer may not know: one that it had, with this very row, may have been followed by an act there. */
function deniesAnew<V>(
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
 * A withdrawal of a record at its secondary address (C5), or of one that has left an address without records (F5): eMarketeer
 * follows it, and the record stays as it is. Pure.
 *
 * @param observation of the records that have the address as a further one, as long as they deny; or of none.
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

/** The one write that follows; what was observed while the address had records of its own stays as it was. */
export function planForHolders<V>(
  observation: Observation<V>,
  memory: CellMemory<V>,
  kind: ValueKind<V>,
): Plan<V> {
  const { basis, version } = observation.emarketeer
  if (basis === 'withdrawn') {
    const openLoosen = memory.openLoosen === version ? version : null
    // What left its deny here has told it; should a record come back, the link starts afresh.
    const told = openLoosen === null && hasInheritedDeny(observation, memory, kind)
    const { seen, departed } = told ? EMPTY_MEMORY : memory
    return { memory: { ...memory, openLoosen, seen, departed }, writes: [] }
  }
  return {
    memory,
    writes: [{ side: 'emarketeer', value: 'withdrawn', expectedVersion: version, loosens: false }],
  }
}

/** What a decision rests on that takes neither side for the later one, whatever has moved. */
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
