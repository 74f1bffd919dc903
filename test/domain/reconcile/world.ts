import {
  acknowledgeEmarketeer,
  acknowledgeRichRecord,
  acknowledgeToggleRecord,
  arrivedDenies,
  denyOfLeaver,
  decideRich,
  decideToggle,
  EMPTY_MEMORY,
  planRich,
  planToggle,
  RICH,
  settledIn,
  takenAlong,
  TOGGLE,
  withDeparted,
  type CellMemory,
  type CellWrite,
  type Decision,
  type LastWriter,
  type LeftWith,
  type Observation,
  type Plan,
  type RecordReading,
  type ToggleValue,
  type ValueKind,
} from '../../../src/domain/reconcile/index.js'
import { isPositive, type LegalBasis } from '../../../src/domain/legal-basis.js'
import {
  NOTHING_MAPPED,
  tenantBasis,
  type BasisMapping,
  type RichValue,
} from '../../../src/domain/tenant-basis.js'

export type Value = ToggleValue | RichValue

/** A basis that the tenant defined, and the file that maps it. */
export const OWN = tenantBasis('OWN')
export const OWN_MAPPED: BasisMapping = new Map([['OWN', 'contract']])

/** The epoch of every observation. */
export const EPOCH = 1

/** A CRM record of the pair of systems; `setMs` is on the CRM's own clock. */
export interface Row {
  readonly id: string
  value: Value
  version: number
  writer: LastWriter
  setMs: number
  live: boolean
  mark: boolean
  leftWith: LeftWith<Value> | null
}

export interface Clocks {
  readonly stamped: boolean
  /** How far the CRM's clock is off, at most `epsMs`. */
  readonly skewMs: number
  readonly epsMs: number
}

/** eMarketeer and a CRM in memory, with our ledger's row of the one cell, and the true last actor. */
export class World {
  memory: CellMemory<Value> = EMPTY_MEMORY
  nowMs = 10_000
  basis: LegalBasis = 'none'
  version = 0
  positiveMs: number | null = null
  denyMs: number | null = null
  late: CellWrite<Value> | null = null
  /**
   * The last act by a person: whether it is a deny, and on which CRM record (null: in eMarketeer, or before the
   * history).
   */
  lastActDenies = false
  lastActRow: Row | null = null
  readonly violations: string[] = []
  /** Bases that a person has set, and whether a CRM user opted in since eMarketeer's last other act. */
  readonly set = new Set<Value>()
  crmOptedIn = false
  mapping: BasisMapping = NOTHING_MAPPED

  constructor(
    readonly rich: boolean,
    readonly rows: Row[],
    readonly clocks: Clocks,
    /** The values from which a CRM user chooses. */
    readonly choices: readonly Value[],
  ) {}

  live(): Row[] {
    return this.rows.filter((row) => row.live)
  }

  actInEmarketeer(basis: LegalBasis): void {
    this.nowMs += 1_000
    this.basis = basis
    this.version += 1
    this.lastActDenies = basis === 'withdrawn'
    this.lastActRow = null
    if (basis === 'withdrawn') {
      this.denyMs = this.nowMs
    } else {
      this.positiveMs = this.nowMs
      this.set.add(basis)
    }
    this.crmOptedIn &&= basis === 'consent'
  }

  actInCrm(row: Row, value: Value): void {
    this.nowMs += 1_000
    const flips = row.value !== value
    if (!this.rich && !flips) {
      return
    }
    Object.assign(row, { value, version: row.version + 1, writer: 'user', setMs: this.crmNowMs() })
    this.lastActDenies = isDeny(value)
    this.lastActRow = row
    this.set.add(value === 'allow' ? 'consent' : value === OWN ? 'contract' : value)
    this.crmOptedIn ||= value === 'allow' || value === 'consent'
  }

  /** Nobody's act: the value does not change, and its row is stamped as if somebody had set it. */
  saveCard(row: Row): void {
    if (row.value !== 'none') {
      this.nowMs += 1_000
      Object.assign(row, { version: row.version + 1, writer: 'user', setMs: this.crmNowMs() })
    }
  }

  /**
   * Whether a pass that reads now reads a deny that binds the complete cell. A deny of a person who is not the oldest
   * one at that moment binds only its own row (C5).
   */
  tellsOfDeny(): boolean {
    const onTwin = this.rich && this.lastActRow !== null && this.lastActRow !== this.live()[0]
    return this.lastActDenies && !onTwin
  }

  observe(): Observation<Value> {
    return {
      emarketeer: {
        basis: this.basis,
        version: this.version,
        lastPositiveActMs: this.positiveMs,
        lastDenyActMs: this.denyMs,
      },
      records: this.live().map((row) => this.read(row)),
      epoch: EPOCH,
      firstVersion: 1,
      countsWrites: true,
      basisMapping: this.mapping,
    }
  }

  /**
   * Decides by values that were observed and loaded together, and stores the result as the ledger would, in one
   * transaction. Records that left since then wait for the next pass. @returns the writes to make.
   */
  decideAndStore(
    obs: Observation<Value>,
    loaded: CellMemory<Value>['departed'],
  ): readonly CellWrite<Value>[] {
    const before = { ...this.memory, departed: loaded }
    const plan = (this.rich
      ? planBy(decideRich, planRich, obs, before)
      : planBy(decideToggle, planToggle, obs, before)) as unknown as Plan<Value>
    for (const id of arrivedDenies(obs, plan.memory)) {
      this.row(id).mark = false
    }
    const since = this.memory.departed
    this.memory = since === loaded ? plan.memory : { ...plan.memory, departed: since }
    for (const id of settledIn(obs, plan.memory)) {
      this.row(id).leftWith = null
    }
    return plan.writes
  }

  /** A record leaves, as the ledger notes it; in a merge its deny moves to the record that stays (F5). */
  leave(row: Row, heir: Row | null): void {
    const kind = (this.rich ? RICH : TOGGLE) as ValueKind<Value>
    const reading = [this.read(row)]
    const deny = denyOfLeaver(reading, this.memory, kind, EPOCH)
    row.leftWith = takenAlong(reading, this.memory)
    if (deny !== null) {
      this.memory = { ...this.memory, departed: withDeparted(this.memory.departed, deny) }
    }
    if (heir !== null && (deny !== null || isDeny(row.value))) {
      heir.mark = true
    }
    row.mark = false
    row.live = false
  }

  /** Whether the system accepted the write. */
  apply(write: CellWrite<Value>, readDeny: boolean): boolean {
    if (write.side === 'emarketeer') {
      if (write.expectedVersion !== this.version) {
        return false
      }
      this.judge(write, this.basis, readDeny)
      this.basis = write.value
      this.version += 1
      return true
    }
    const row = this.row(write.recordId)
    if (!this.rich && write.expectedVersion !== this.versionOf(row)) {
      return false
    }
    this.judge(write, row.value, readDeny)
    Object.assign(row, {
      value: write.value,
      version: row.version + 1,
      writer: 'us',
      setMs: this.crmNowMs(),
    })
    return true
  }

  acknowledge(write: CellWrite<Value>): void {
    if (write.side === 'emarketeer') {
      this.memory = acknowledgeEmarketeer(this.memory, write.value, this.version)
      return
    }
    const reading = this.read(this.row(write.recordId))
    const { recordId, value } = write
    this.memory = (
      this.rich
        ? acknowledgeRichRecord(this.memory as never, reading as RecordReading<RichValue>, 1)
        : acknowledgeToggleRecord(
            this.memory as never,
            recordId,
            value as ToggleValue,
            reading.version,
          )
    ) as CellMemory<Value>
  }

  row(id: string): Row {
    const row = this.rows.find((candidate) => candidate.id === id)
    if (row === undefined) {
      throw new RangeError('no such record')
    }
    return row
  }

  private read(row: Row): RecordReading<Value> {
    const { stamped, epsMs } = this.clocks
    const byPerson = stamped && row.writer === 'user'
    return {
      recordId: row.id,
      value: row.value,
      version: this.versionOf(row),
      lastWriter: row.writer,
      stamp: byPerson ? { atMs: row.setMs, epsMs } : null,
      carriedDeny: row.mark,
      leftWith: row.leftWith,
      // Last, because Node 20 is slow to add properties to a spread object.
      ...(this.rich ? { onlyInserted: row.version === 1 } : {}),
    }
  }

  private versionOf(row: Row): string {
    return this.rich && row.version === 0 && row.value === 'none' ? 'none' : String(row.version)
  }

  private crmNowMs(): number {
    return this.nowMs + this.clocks.skewMs
  }

  private judge(write: CellWrite<Value>, old: Value, readDeny: boolean): void {
    if (write.value === old && !this.rich) {
      this.violations.push('I6 an equal value is written')
    }
    if (write.loosens && isDeny(old) && readDeny) {
      this.violations.push('I2 loosens over a deny that its pass had read')
    }
    if (
      write.side === 'emarketeer' &&
      write.value === 'consent' &&
      !this.crmOptedIn &&
      !isDeny(old)
    ) {
      this.violations.push('I4 consent without a CRM user')
    }
    if (isPositive(write.value) && !this.set.has(write.value)) {
      this.violations.push('I3 a basis which no person set')
    }
    if (write.value === OWN) {
      this.violations.push("C2 the tenant's own basis is written")
    }
  }
}

function planBy<V>(
  decide: (obs: Observation<V>, memory: CellMemory<V>) => Decision<V>,
  plan: (obs: Observation<V>, memory: CellMemory<V>, decision: Decision<V>) => Plan<V>,
  obs: unknown,
  memory: unknown,
): Plan<V> {
  const read = obs as Observation<V>
  const known = memory as CellMemory<V>
  return plan(read, known, decide(read, known))
}

export const isDeny = (value: Value): boolean => value === 'deny' || value === 'withdrawn'
