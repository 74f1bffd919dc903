import { isPositive } from '../legal-basis.js'
import type { RichValue } from '../tenant-basis.js'
import { departedDenies } from './departed.js'
import { anyInDoubt, isSetByUser, lastKnown, openGuards, unended } from './doubt.js'
import { compare } from './compare.js'
import type {
  CellMemory,
  CellWrite,
  Decision,
  Observation,
  Plan,
  RecordReading,
  Seen,
  SeenRecord,
  ToggleValue,
} from './types.js'
import { RICH, TOGGLE, type ValueKind } from './values.js'

/** The memory and the writes of a decision, for a toggle CRM. */
export function planToggle(
  observation: Observation<ToggleValue>,
  memory: CellMemory<ToggleValue>,
  decision: Decision<ToggleValue>,
): Plan<ToggleValue> {
  return {
    memory: {
      seen: nextSeen(observation, memory, decision, TOGGLE),
      openAllow: nextOpenAllow(observation, memory, decision),
      openLoosen: nextOpenLoosen(observation, memory, decision),
      departed: [],
    },
    writes: orderedWrites(observation, decision, TOGGLE),
  }
}

/**
 * The memory and the writes of a decision, for a rich CRM. In doubt (R0) the old observation stays until both sides are
 * withdrawn: a new one would forget the cause of the doubt.
 */
export function planRich(
  observation: Observation<RichValue>,
  memory: CellMemory<RichValue>,
  decision: Decision<RichValue>,
): Plan<RichValue> {
  const stillInDoubt = anyInDoubt(observation, memory) && !allWithdrawn(observation)
  return {
    memory: {
      seen: stillInDoubt ? memory.seen : nextSeen(observation, memory, decision, RICH),
      openAllow: {},
      openLoosen: nextOpenLoosen(observation, memory, decision),
      departed: stillInDoubt ? memory.departed : [],
    },
    writes: orderedWrites(observation, decision, RICH),
  }
}

function allWithdrawn({ emarketeer, records }: Observation<RichValue>): boolean {
  return emarketeer.basis === 'withdrawn' && records.every((record) => record.value === 'withdrawn')
}

function nextSeen<V>(
  observation: Observation<V>,
  memory: CellMemory<V>,
  decision: Decision<V>,
  kind: ValueKind<V>,
): Seen<V> {
  const { emarketeer, records, epoch } = observation
  const live = records.map((record): SeenRecord<V> => {
    const target = targetOf(decision, record.recordId, record.value)
    const want = target === record.value ? null : target
    const unmapped = decision.unmapped.includes(record.recordId)
    const open = kind.blind ? openWrites(record, memory, kind) : []
    const setByUser = kind.blind && isSetByUser(record, lastKnown(record, memory))
    return {
      recordId: record.recordId,
      value: record.value,
      version: record.version,
      want,
      ...(unmapped ? { unmapped } : {}),
      ...(setByUser ? { setByUser } : {}),
      ...(open.length > 0 ? { open } : {}),
    }
  })
  const left = keptOfDeparted(observation, memory, decision, kind)
  const agreed = orderedWrites(observation, decision, kind).length === 0 && left.length === 0
  const setUnsettled = compare(observation, memory).recordSetChanged || memory.seen?.setUnsettled
  return {
    basis: emarketeer.basis,
    version: emarketeer.version,
    records: [...live, ...left],
    epoch,
    ...(setUnsettled && !agreed ? { setUnsettled } : {}),
  }
}

/** Most open writes that are remembered per value. Beyond that, one that lands also counts for the rest. */
const MAX_OPEN_OF_A_VALUE = 2

/**
 * Our loosening writes that may still land: the open ones and the last unacknowledged one, except one that has visibly
 * landed.
 */
function openWrites<V>(
  record: RecordReading<V>,
  memory: CellMemory<V>,
  kind: ValueKind<V>,
): readonly V[] {
  const { value, version, lastWriter } = record
  const before = lastKnown(record, memory)
  if (before === undefined) {
    return []
  }
  const sent = unended(record, memory).filter((one) => kind.loosens(one))
  const landed = lastWriter === 'us' && version !== before.version ? sent.indexOf(value) : -1
  const rest = sent.filter((_, index) => index !== landed)
  return rest.filter((one, i) => {
    return rest.slice(0, i).filter((other) => other === one).length < MAX_OPEN_OF_A_VALUE
  })
}

/** Denies of departed records, kept until eMarketeer is withdrawn or its later act is proven. */
function keptOfDeparted<V>(
  observation: Observation<V>,
  memory: CellMemory<V>,
  decision: Decision<V>,
  kind: ValueKind<V>,
): readonly SeenRecord<V>[] {
  const denyStands =
    observation.emarketeer.basis === 'withdrawn' &&
    nextOpenLoosen(observation, memory, decision) === null
  if (denyStands || decision.inputs.laterEmarketeer) {
    return []
  }
  return departedDenies(observation.records, memory, kind).map((record) => ({
    ...record,
    left: true,
  }))
}

/**
 * Guards of our Allows. Each is kept until its write is acknowledged or a newer deny shows that it can no longer land.
 */
function nextOpenAllow(
  { records }: Observation<ToggleValue>,
  { openAllow }: CellMemory<ToggleValue>,
  decision: Decision<ToggleValue>,
): Readonly<Record<string, string>> {
  const open = new Map(Object.entries(openAllow))
  for (const record of records) {
    const { recordId, value, version } = record
    const [guard] = openGuards(record, openAllow)
    if (guard !== undefined) {
      open.set(recordId, guard)
    }
    if (value === 'deny' && open.get(recordId) !== version) {
      open.delete(recordId)
    }
    if (value !== 'allow' && targetOf(decision, recordId, value) === 'allow') {
      open.set(recordId, version)
    }
  }
  return Object.fromEntries(open)
}

/** The guard of our loosening write to eMarketeer. */
function nextOpenLoosen<V>(
  { emarketeer }: Observation<V>,
  { openLoosen }: CellMemory<V>,
  { emarketeerTarget }: Decision<V>,
): number | null {
  const { basis, version } = emarketeer
  if (emarketeerTarget !== basis && isPositive(emarketeerTarget)) {
    return version
  }
  return !isPositive(basis) && version !== openLoosen ? null : openLoosen
}

/**
 * The writes in order. Tightening comes first, because it waits for nothing (I9). Equal values are never written (I6).
 */
function orderedWrites<V>(
  { emarketeer, records }: Observation<V>,
  decision: Decision<V>,
  kind: ValueKind<V>,
): readonly CellWrite<V>[] {
  const crm = records.flatMap(({ recordId, value, version }): CellWrite<V>[] => {
    const target = targetOf(decision, recordId, value)
    const loosens = kind.loosens(target)
    return target === value
      ? []
      : [{ side: 'crm', recordId, value: target, expectedVersion: version, loosens }]
  })
  const own: CellWrite<V>[] =
    decision.emarketeerTarget === emarketeer.basis
      ? []
      : [
          {
            side: 'emarketeer',
            value: decision.emarketeerTarget,
            expectedVersion: emarketeer.version,
            loosens: isPositive(decision.emarketeerTarget),
          },
        ]
  const tightening = [...crm, ...own].filter((write) => !write.loosens)
  // eMarketeer refuses a stale write and a rich CRM does not, so the guarded write goes first.
  const loosening = [...own, ...crm].filter((write) => write.loosens)
  return [...tightening, ...loosening]
}

function targetOf<V>(decision: Decision<V>, recordId: string, unchanged: V): V {
  return decision.recordTargets.find((record) => record.recordId === recordId)?.target ?? unchanged
}
