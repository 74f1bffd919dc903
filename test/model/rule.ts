import { NOTHING_MAPPED, type RichValue } from '../../src/domain/tenant-basis.js'
import {
  acknowledgeEmarketeer,
  acknowledgeRichRecord,
  acknowledgeToggleRecord,
  anyInDoubt,
  arrivedDenies,
  countsAsBasis,
  decideForHolders,
  decidePartly,
  decideRich,
  decideToggle,
  hasInheritedDeny,
  denyOfLeaver,
  planForHolders,
  planPartly,
  planRich,
  planToggle,
  RICH,
  settledIn,
  takenAlong,
  TOGGLE,
  withDeparted,
  type CellMemory,
  type Decision,
  type Observation,
  type Plan,
  type RecordReading,
  type SeenRecord,
  type ToggleValue,
  type ValueKind,
} from '../../src/domain/reconcile/index.js'
import {
  basisOf,
  MAPPED,
  codeOf,
  isDenyCode,
  rowVersionOf,
  valueOf,
  versionOf,
  type Code,
  type CrmValue,
} from './codes.js'
import type { Config } from './config.js'
import { falsify, misread } from './mutations.js'
import {
  departedKey,
  leftWithKey,
  openKey,
  readKey,
  type Memory,
  type Read,
  type Row,
  type State,
  type Write,
} from './state.js'

/** The epoch of every observation; data stored before a restore has epoch 0. */
export const EPOCH = 1

/** The result of one call of the rule, in the model's letters. */
export interface Decided {
  /** The step's name. */
  readonly label: string
  readonly e: Code
  /** In the order of the rows that were read. */
  readonly rows: readonly Code[]
  readonly next: Memory
  readonly todo: readonly Write[]
  /** Ids of the rows whose carried deny has arrived. */
  readonly arrived: readonly string[]
  /** Ids of the rows with taken-along observations that this cell has observed. */
  readonly settled: readonly string[]
}

/** The production rule, called with the model's states; repeated questions are computed once. */
export class Rule {
  private readonly memories = new Map<string, Memory>()
  private readonly alongs = new Map<string, Row['leftWith']>()
  private readonly reads = new Map<string, Read>()
  /** By reading, then by memory and by whether it was lost. */
  private readonly decided: Map<number, Decided>[] = []

  constructor(private readonly config: Config) {}

  memory(value: CellMemory<CrmValue>): Memory {
    const key = memoryKey(value)
    const known = this.memories.get(key)
    if (known) {
      return known
    }
    const memory = { id: this.memories.size, value }
    this.memories.set(key, memory)
    return memory
  }

  /** The same memory with these departed denies. */
  withDeparted(memory: Memory, departed: Mem['departed']): Memory {
    return sameDeparted(memory, departed) ? memory : this.memory({ ...memory.value, departed })
  }

  /** The reading of a pass. */
  read(read: Omit<Read, 'id'>): Read {
    const key = readKey(read)
    const known = this.reads.get(key)
    if (known) {
      return known
    }
    const fresh = { id: this.reads.size, ...read }
    this.reads.set(key, fresh)
    this.decided.push(new Map())
    return fresh
  }

  decide(mem: Memory, read: Read, lost: boolean): Decided {
    const known = this.decided[read.id]!
    const key = mem.id * 2 + Number(lost)
    const decided = known.get(key) ?? this.ask(mem, read, lost)
    known.set(key, decided)
    return decided
  }

  /** A row leaves the address, as the ledger notes it. @returns what it took along, and whether as a deny. */
  leave(
    mem: Memory,
    row: Row,
  ): { readonly mem: Memory; readonly row: Row; readonly denies: boolean } {
    const { mutation } = this.config
    const { kind } = this
    const reading = this.reading(row)
    const readings = [row.unread ? { ...reading, value: null } : reading]
    const seesDoubt = mutation !== 'doubtLeaves' || isDenyCode(row.d) || row.carried
    const epoch = mutation === 'oldEpochSettles' ? (mem.value.seen?.epoch ?? EPOCH) : EPOCH
    const deny = seesDoubt ? denyOfLeaver(readings, mem.value, kind, epoch) : null
    const along = takenAlong(readings, mem.value)
    // The guard of an Allow is all that matters of what a toggle takes along, which makes fewer states.
    const matters = this.config.rich || (along !== null && along.openAllow !== null)
    const leftWith = matters && mutation !== 'nothingTakenAlong' ? along : null
    return {
      mem:
        deny === null
          ? mem
          : this.memory({ ...mem.value, departed: withDeparted(mem.value.departed, deny) }),
      row: { ...row, live: false, carried: false, leftWith: this.taken(leftWith) },
      denies: deny !== null || isDenyCode(row.d),
    }
  }

  /** A row that was observed at another address, and came here. */
  brought(row: Row): Row {
    const mem = this.memory({ seen: null, openAllow: {}, openLoosen: null, departed: [] })
    return { ...this.leave(mem, row).row, live: true }
  }

  /** Equal contents are the same object. */
  private taken(leftWith: Row['leftWith']): Row['leftWith'] {
    const key = leftWithKey({ leftWith })
    const known = this.alongs.get(key) ?? leftWith
    this.alongs.set(key, known)
    return known
  }

  /** Whether the rule lets the gate open: no doubt on a live row, no deny that left with its record. */
  gateOpen(mem: Memory, read: Read, lost: boolean): boolean {
    const [obs, told] = falsify(this.config.mutation, this.observation(read, lost), mem.value)
    return this.config.rich
      ? richGate(obs as Obs<RichValue>, told as Mem<RichValue>)
      : !hasInheritedDeny(obs, told, this.kind)
  }

  /** Whether the gate accepts the tenant's own basis on the oldest row as one of eMarketeer's. */
  counts(mem: Memory, row: Row, mapped: boolean): boolean {
    const seen = mem.value.seen?.records.find(({ recordId }) => recordId === row.id) as
      SeenRecord<RichValue> | undefined
    return countsAsBasis({ value: rich(row.d) }, seen, mapped ? MAPPED : NOTHING_MAPPED)
  }

  acknowledge(s: State, write: Write, version: number): Memory {
    const mem = s.mem.value
    if (write.side === 'E') {
      return this.memory(acknowledgeEmarketeer(mem, basisOf(write.v), versionOf(write.v, version)))
    }
    const row = s.rows[write.row]
    if (row === undefined) {
      return s.mem
    }
    if (!this.config.rich) {
      const value = valueOf(write.v) as ToggleValue
      return this.memory(
        acknowledgeToggleRecord(mem as Mem<ToggleValue>, row.id, value, String(version)),
      )
    }
    if (row.unread) {
      return s.mem
    }
    const text = rowVersionOf(true, row.d, row.dv)
    if (this.config.mutation === 'noReadBack') {
      // Any read-back counts as our own write.
      return this.memory(
        acknowledgeToggleRecord(mem as never, row.id, valueOf(row.d) as never, text),
      )
    }
    const readBack = {
      recordId: row.id,
      value: rich(row.d),
      version: text,
      lastWriter: row.by,
      onlyInserted: row.dv === 1,
    }
    return this.memory(acknowledgeRichRecord(mem as Mem<RichValue>, readBack, 1))
  }

  private ask(mem: Memory, read: Read, lost: boolean): Decided {
    const { mutation } = this.config
    const obs = this.observation(read, lost)
    const [told, believed] = falsify(mutation, obs, mem.value)
    const isWhole = mutation === 'unreadSkipped' || read.rows.every((row) => !row.unread)
    if (read.rows.length === 0) {
      return this.askLeft(obs, mem, read)
    }
    const { decision, plan } =
      !isWhole || obs.records.length === 0
        ? this.askPartly(obs, mem.value, read)
        : this.config.rich
          ? this.askRich(obs, mem.value, told, believed)
          : this.askToggle(obs, mem.value, told, believed)
    const e = codeOf(decision.emarketeerTarget)
    const rows = this.targets(decision, read)
    return {
      label: labelOf(e, rows),
      e,
      rows,
      next: this.memory(plan.memory),
      todo: plan.writes.map((write) => toWrite(write, read)),
      arrived: arrivedDenies(obs, plan.memory),
      settled: settledIn(obs, plan.memory),
    }
  }

  /** Nobody is left at the address: a deny that was left behind reaches eMarketeer. */
  private askLeft(obs: Obs, mem: Memory, read: Read): Decided {
    const label = labelOf(read.e, [])
    const none = { label, e: read.e, rows: [], next: mem, todo: [], arrived: [], settled: [] }
    if (this.config.mutation === 'leftUnreported' || !hasInheritedDeny(obs, mem.value, this.kind)) {
      return none
    }
    const { memory, writes } = planForHolders(obs, mem.value, this.kind)
    const { emarketeerTarget } = decideForHolders(obs, mem.value)
    const todo = writes.map((write) => toWrite(write, read))
    const e = codeOf(emarketeerTarget)
    return { ...none, label: labelOf(e, []), e, next: this.memory(memory), todo }
  }

  private askPartly(obs: Obs, mem: Mem, read: Read): Outcome {
    const { kind } = this
    const known = this.config.mutation === 'partlyKnown' ? seenDenying(obs, mem) : mem
    const decision = decidePartly(obs, known, kind, read.rows[0]?.unread === false)
    return { decision, plan: planPartly(obs, mem, decision) }
  }

  private askToggle(obs: Obs, mem: Mem, told: Obs, believed: Mem) {
    const real = obs as Obs<ToggleValue>
    let decision = decideToggle(told as Obs<ToggleValue>, believed as Mem<ToggleValue>)
    if (this.config.mutation === 'noLens' && isLensBroken(real)) {
      decision = { ...decision, emarketeerTarget: 'consent' }
    }
    const blind = ['departedIgnored', 'departedBeforeSeen', 'oldEpochSettles']
    const memory = blind.includes(this.config.mutation ?? '') ? believed : mem
    return { decision, plan: planToggle(real, memory as Mem<ToggleValue>, decision) } as Outcome
  }

  private askRich(obs: Obs, mem: Mem, told: Obs, believed: Mem) {
    const real = obs as Obs<RichValue>
    const decision = decideRich(told as Obs<RichValue>, believed as Mem<RichValue>)
    // Mutants that cannot see doubt must not keep the old observation because of it either.
    const blind = [
      ...['noReadBack', 'noWant', 'movedIsEnough', 'openForgotten'],
      ...['departedIgnored', 'departedBeforeSeen', 'oldEpochSettles'],
    ]
    const memory = blind.includes(this.config.mutation ?? '') ? believed : mem
    return { decision, plan: planRich(real, memory as Mem<RichValue>, decision) } as Outcome
  }

  /** The target values of the rows that were read; of an unreadable one, its present value. */
  private targets({ recordTargets }: Decision<CrmValue>, read: Read): readonly Code[] {
    const targets = new Map(recordTargets.map(({ recordId, target }) => [recordId, target]))
    return read.rows.map(({ id, d }) => {
      const target = targets.get(id)
      return target === undefined ? d : codeOf(target)
    })
  }

  private get kind(): ValueKind<CrmValue> {
    return (this.config.rich ? RICH : TOGGLE) as ValueKind<CrmValue>
  }

  private observation(read: Read, forgotten: boolean): Obs {
    const { e, ev, tP, tW } = read
    const time = (at: number) => (at === -9 || !this.config.stamped ? null : at)
    return misread(this.config.mutation, {
      emarketeer: {
        basis: basisOf(e),
        version: versionOf(e, ev),
        lastPositiveActMs: time(tP),
        lastDenyActMs: time(tW),
      },
      records: read.rows
        .filter((row) => !row.unread)
        .map((row) => ({ ...this.reading(row), forgotten })),
      basisMapping: read.mapped ? MAPPED : NOTHING_MAPPED,
      epoch: EPOCH,
      firstVersion: 1,
      countsWrites: true,
    })
  }

  private reading(row: Row): RecordReading<CrmValue> {
    const { stamped, skew, eps, rich } = this.config
    return {
      recordId: row.id,
      value: valueOf(row.d),
      version: rowVersionOf(rich, row.d, row.dv),
      lastWriter: row.by,
      stamp: stamped ? { atMs: row.td + skew, epsMs: eps } : null,
      // A row that did not exist has version 0.
      ...(rich ? { onlyInserted: row.dv === 1 } : {}),
      carriedDeny: row.carried,
      leftWith: row.leftWith,
    }
  }
}

type Obs<V extends CrmValue = CrmValue> = Observation<V>
type Mem<V extends CrmValue = CrmValue> = CellMemory<V>
interface Outcome {
  readonly decision: Decision<CrmValue>
  readonly plan: Plan<CrmValue>
}

/** Any denying row looks as if it had been observed so, with eMarketeer withdrawn. */
function seenDenying({ records, epoch }: Obs, mem: Mem): Mem {
  const seen = records.map(({ recordId, value, version }) => {
    return { recordId, value, version, want: null }
  })
  const version = mem.seen?.version ?? 0
  return { ...mem, seen: { basis: 'withdrawn', version, records: seen, epoch } }
}

function labelOf(e: Code, rows: readonly Code[]): string {
  return `decide ${e}/${rows.join('')}`
}

function richGate(obs: Obs<RichValue>, mem: Mem<RichValue>): boolean {
  return !anyInDoubt(obs, mem) && !hasInheritedDeny(obs, mem, RICH)
}

function rich(code: Code): RichValue {
  return valueOf(code) as RichValue
}

/** Reads back every Allow as consent, which the lens law forbids. */
function isLensBroken({ emarketeer, records }: Obs<ToggleValue>): boolean {
  return emarketeer.basis !== 'withdrawn' && records.every((record) => record.value === 'allow')
}

function toWrite(write: Plan<CrmValue>['writes'][number], read: Read): Write {
  const v = codeOf(write.value)
  if (write.side === 'emarketeer') {
    return { side: 'E', row: 0, v, guard: read.ev }
  }
  const row = Number(write.recordId)
  return { side: 'D', row, v, guard: read.rows.find(({ id }) => id === write.recordId)?.dv ?? -1 }
}

/** Whether the memory contains exactly these departed denies. */
export function sameDeparted({ value }: Memory, departed: Mem['departed']): boolean {
  const known = value.departed
  return (
    known === departed ||
    (known.length === departed.length && departedKey(value) === departedKey({ departed }))
  )
}

function memoryKey({ seen, openAllow, openLoosen, departed }: CellMemory<CrmValue>): string {
  let key = departedKey({ departed })
  if (seen !== null) {
    key += `${codeOf(seen.basis)}${seen.version}@${seen.epoch}${seen.setUnsettled ? '!' : ''}`
    for (const record of seen.records) {
      const want = record.want === null ? '' : codeOf(record.want)
      key += `/${record.recordId}${codeOf(record.value)}${record.version ?? '?'}${want}${record.left ? '(' : ''}${openKey(record)}${record.unmapped ? 'u' : ''}${record.setByUser ? 'p' : ''}`
    }
  }
  for (const [id, guard] of Object.entries(openAllow)) {
    key += `,${id}:${guard}`
  }
  return openLoosen === null ? key : `${key},E:${openLoosen}`
}
