import {
  inDoubt,
  type CellMemory,
  type Observation,
  type RecordReading,
  type SeenRecord,
} from '../../src/domain/reconcile/index.js'
import type { LegalBasis } from '../../src/domain/legal-basis.js'
import { meaningOf, NOTHING_MAPPED, type RichValue } from '../../src/domain/tenant-basis.js'
import type { CrmValue } from './codes.js'
import type { Mutation } from './config.js'

type Obs = Observation<CrmValue>
type Mem = CellMemory<CrmValue>

/**
 * Removes a guard of the rule by falsifying its input. The function that decides is the production one; its input is
 * changed only so far that the guard cannot see what it guards against.
 */
export function falsify(mutation: Mutation | null, obs: Obs, mem: Mem): readonly [Obs, Mem] {
  switch (mutation) {
    case null:
    case 'noLens':
      return [obs, mem]
    case 'noOpenAllow':
      return [obs, { ...mem, openAllow: {} }]
    case 'noOpenLoosen':
      return [obs, { ...mem, openLoosen: null }]
    case 'oldEpochTrusted':
      return [obs, mem.seen === null ? mem : { ...mem, seen: { ...mem.seen, epoch: obs.epoch } }]
    case 'noAbaGuard':
      return [unmovedRows(obs, mem), mem]
    case 'byValues':
      return [unmovedEmarketeer(unmovedRows(obs, mem), mem), mem]
    case 'movedIsEnough':
      return [obs, alwaysChanged(obs, mem)]
    case 'noReadBack':
      return [obs, mapSeen(obs, mem, neverDoubted)]
    case 'noWant':
      return [obs, mapSeen(obs, mem, wantedWhateverCame)]
    case 'ourStamp':
      return ours(obs, mem)
    case 'defaultCounts':
      return [
        mapRecords(obs, (r) => (r.lastWriter === 'default' ? { ...r, lastWriter: 'user' } : r)),
        mem,
      ]
    case 'touchCounts':
      return [obs, mapSeen(obs, mem, (seen, now) => writtenOnce(obs, mem, seen, now))]
    case 'savedIsSet':
      return [mapRecords(obs, broughtAsSet), mapSeen(obs, mem, setAsLastWritten)]
    case 'setIgnored':
      return [obs, sameSet(obs, mem)]
    case 'departedIgnored':
      return [obs, withoutDeparted(obs, mem)]
    case 'departedBeforeSeen':
      return [obs, departedBeforeSeen(mem)]
    case 'oldEpochSettles':
      return [obs, settledByOldEpoch(obs, mem)]
    case 'openForgotten':
      return [obs, mapSeen(obs, mem, ({ open: _, ...seen }) => seen)]
    case 'departureOverwritten':
    case 'doubtLeaves':
    case 'nothingTakenAlong':
    case 'mappedWhenRead':
    case 'unmappedIsNone':
    case 'unreadSkipped':
    case 'partlyKnown':
    case 'leftUnreported':
      return [obs, mem]
  }
}

/** The content of a reading that does not know tenants' own bases, or translates them when reading. */
export function misread(mutation: Mutation | null, obs: Obs): Obs {
  const { basisMapping = NOTHING_MAPPED } = obs
  return mapRecords(obs, (record) => {
    const meaning = meaningOf(record.value as RichValue, basisMapping)
    if (mutation === 'mappedWhenRead' && meaning !== 'unmapped') {
      return { ...record, value: meaning }
    }
    return mutation === 'unmappedIsNone' && meaning === 'unmapped'
      ? { ...record, value: 'none' }
      : record
  })
}

function mapRecords(
  obs: Obs,
  change: (r: RecordReading<CrmValue>) => RecordReading<CrmValue>,
): Obs {
  return { ...obs, records: obs.records.map(change) }
}

type Seen = SeenRecord<CrmValue>

function mapSeen(
  obs: Obs,
  mem: Mem,
  change: (seen: Seen, now: RecordReading<CrmValue>) => Seen,
): Mem {
  if (mem.seen === null) {
    return mem
  }
  const records = mem.seen.records.map((seen) => {
    const now = obs.records.find((record) => record.recordId === seen.recordId)
    return now === undefined ? seen : change(seen, now)
  })
  return { ...mem, seen: { ...mem.seen, records } }
}

/** Equal values look unmoved. */
function unmovedRows(obs: Obs, mem: Mem): Obs {
  return mapRecords(obs, (now) => {
    const seen = mem.seen?.records.find((record) => record.recordId === now.recordId)
    return seen?.version && seen.value === now.value ? { ...now, version: seen.version } : now
  })
}

function unmovedEmarketeer(obs: Obs, mem: Mem): Obs {
  const { emarketeer } = obs
  const same = mem.seen !== null && mem.seen.basis === emarketeer.basis
  return same ? { ...obs, emarketeer: { ...emarketeer, version: mem.seen.version } } : obs
}

/** An unchanged value looks changed, and a card saved again raises no doubt. */
function alwaysChanged(obs: Obs, mem: Mem): Mem {
  const rows = mapSeen(obs, mem, (seen, now) =>
    now.lastWriter === 'user' && now.value !== 'allow' && now.value !== 'deny'
      ? { ...seen, value: other(now.value), want: null }
      : seen,
  )
  return rows.seen === null
    ? rows
    : { ...rows, seen: { ...rows.seen, basis: other(obs.emarketeer.basis) } }
}

function other(basis: RichValue): LegalBasis {
  return basis === 'vitalInterests' ? 'contract' : 'vitalInterests'
}

/** Any value on the row looks like our own clean write. */
function neverDoubted(seen: Seen, now: RecordReading<CrmValue>): Seen {
  if (now.version === seen.version || now.version === 'none') {
    return seen
  }
  return now.lastWriter === 'us'
    ? { ...seen, version: String(Number(now.version) - 1), want: now.value }
    : { ...seen, want: null }
}

/** One write by us since the row was read looks like the one for which we wait, whatever its value. */
function wantedWhateverCame(seen: Seen, now: RecordReading<CrmValue>): Seen {
  const next = Number(now.version) === (seen.version === 'none' ? 0 : Number(seen.version)) + 1
  return now.lastWriter === 'us' && next ? { ...seen, want: now.value } : seen
}

/** Our own writes look like a person's, except on the doubt line. */
function ours(obs: Obs, mem: Mem): readonly [Obs, Mem] {
  const doubt = obs.records.some((record) =>
    isDoubted(
      record,
      mem.seen?.records.find((seen) => seen.recordId === record.recordId),
    ),
  )
  if (doubt || obs.emarketeer.basis === 'none') {
    return [obs, mem]
  }
  const named = mapRecords(obs, (r) => (r.lastWriter === 'us' ? { ...r, lastWriter: 'user' } : r))
  return [named, mapSeen(obs, mem, (seen) => ({ ...seen, want: null }))]
}

/**
 * A card that was only saved looks like the single write of another value when its stamp is used. Versions prove
 * nothing if eMarketeer moved as well, and a doubt stays.
 */
function writtenOnce(obs: Obs, mem: Mem, seen: Seen, now: RecordReading<CrmValue>): Seen {
  const touched = now.lastWriter === 'user' && now.version !== seen.version
  const bothMoved = touched && mem.seen?.version !== obs.emarketeer.version
  return bothMoved && !isDoubted(now, seen)
    ? {
        ...seen,
        version: String(Number(now.version) - 1),
        value: other(now.value as LegalBasis),
        want: null,
      }
    : seen
}

/** Whoever wrote a value last seems to have set it. */
function setAsLastWritten(seen: Seen): Seen {
  return { ...seen, setByUser: true }
}

function broughtAsSet(now: RecordReading<CrmValue>): RecordReading<CrmValue> {
  const { leftWith } = now
  return leftWith
    ? { ...now, leftWith: { ...leftWith, seen: setAsLastWritten(leftWith.seen) } }
    : now
}

function isDoubted(now: RecordReading<CrmValue>, seen: Seen | undefined): boolean {
  return inDoubt(now as RecordReading<RichValue>, seen as SeenRecord<RichValue> | undefined, {
    firstVersion: 1,
  })
}

/** A record that joined looks like the one that left: the cell is compared as if it had one record. */
function sameSet(obs: Obs, mem: Mem): Mem {
  const { seen } = mem
  const first = seen?.records.find((record) => !record.left)
  if (seen === null || first === undefined) {
    return mem
  }
  const denying = seen.records.find((record) => record.value === 'deny') ?? first
  const records = obs.records.map(
    (now) =>
      seen.records.find((record) => record.recordId === now.recordId && !record.left) ?? {
        recordId: now.recordId,
        value: denying.value,
        version: 'another',
        want: null,
      },
  )
  return {
    ...mem,
    seen: { basis: seen.basis, version: seen.version, epoch: seen.epoch, records },
  }
}

/** Records that are no longer live look as if they had never been read as denying. */
function withoutDeparted(obs: Obs, mem: Mem): Mem {
  if (mem.seen === null) {
    return { ...mem, departed: [] }
  }
  const live = (id: string) => obs.records.some((record) => record.recordId === id)
  const records = mem.seen.records
    .filter((seen) => !seen.left)
    .map((seen) => (live(seen.recordId) ? seen : { ...seen, value: 'none' as const, want: null }))
  return { ...mem, seen: { ...mem.seen, records }, departed: [] }
}

/** A deny that was in eMarketeer in an older epoch looks as if its record had never been seen. */
function settledByOldEpoch(obs: Obs, mem: Mem): Mem {
  const { seen } = mem
  if (seen === null || seen.epoch === obs.epoch || seen.basis !== 'withdrawn') {
    return mem
  }
  const live = (id: string) => obs.records.some((record) => record.recordId === id)
  const records = seen.records.filter((record) => record.left || live(record.recordId))
  return { ...mem, seen: { ...seen, records } }
}

/** A record that left since the last observation looks as if it had left before it. */
function departedBeforeSeen(mem: Mem): Mem {
  const { seen, departed } = mem
  if (seen === null) {
    return mem
  }
  const others = seen.records.filter((record) =>
    departed.every(({ recordId }) => recordId !== record.recordId),
  )
  return { ...mem, seen: { ...seen, records: [...others, ...departed] }, departed: [] }
}
