import type { CellMemory, LeftWith, SeenRecord } from '../../src/domain/reconcile/index.js'
import { codeOf, type Code, type CrmValue } from './codes.js'

/** A CRM record: value, version, last writer, stamp; whether it is live; whether a deny was carried onto it. */
export interface Row {
  readonly id: string
  readonly d: Code
  readonly dv: number
  readonly by: 'us' | 'user' | 'default'
  readonly td: number
  readonly live: boolean
  readonly carried: boolean
  /** The value is unreadable. */
  readonly unread: boolean
  /** What it took along when it left the address; equal contents are the same object. */
  readonly leftWith: LeftWith<CrmValue> | null
}

/** Our database's row of the cell; equal contents are the same object. */
export interface Memory {
  /** Unique to the contents, within one exploration. */
  readonly id: number
  readonly value: CellMemory<CrmValue>
}

/** A write of ours: side, record, value, and the version that guards it (`guard` counts as `ev` and `dv` do). */
export interface Write {
  readonly side: 'E' | 'D'
  readonly row: number
  readonly v: Code
  readonly guard: number
}

/** The reading of one pass; equal readings are the same object. */
export interface Read {
  /** Unique to the contents, within one exploration. */
  readonly id: number
  readonly e: Code
  readonly ev: number
  readonly tP: number
  readonly tW: number
  readonly rows: readonly Row[]
  /** Whether the connection file maps the tenant's own basis. */
  readonly mapped: boolean
}

/** The progress of a pass. `told`: the last act was a deny when the CRM was read. */
export type Pass =
  | null
  | {
      readonly at: 'readE'
      readonly e: Code
      readonly ev: number
      readonly tP: number
      readonly tW: number
    }
  | {
      readonly at: 'readD'
      readonly read: Read
      readonly told: boolean
      /** The content of our database then: later departures wait for the next pass. */
      readonly departed: CellMemory<CrmValue>['departed']
    }
  | { readonly at: 'write'; readonly told: boolean; readonly todo: readonly Write[] }
  | {
      readonly at: 'ack'
      readonly told: boolean
      readonly write: Write
      readonly version: number
      readonly rest: readonly Write[]
    }

/** One state of the two systems, our database, the passes in progress, and the faults used so far. */
export interface State {
  readonly e: Code
  readonly ev: number
  /** Oldest first. */
  readonly rows: readonly Row[]
  /** When eMarketeer last had a positive act and a deny; -9: never. */
  readonly tP: number
  readonly tW: number
  readonly mem: Memory
  /** Our database was restored to a time when it did not know the cell. */
  readonly lost: boolean
  readonly passes: readonly Pass[]
  /** Whether the connection file maps the tenant's own basis. */
  readonly mapped: boolean
  readonly remaps: number
  /** A delayed write of ours. */
  readonly late: Write | null
  readonly n: number
  readonly now: number
  readonly crashes: number
  readonly delays: number
  readonly noises: number
  readonly restores: number
  readonly setMoves: number
  readonly hides: number
  /** Side, row and value of the last act by a person. */
  readonly lastSide: 'E' | 'D' | '.'
  readonly lastRow: number
  readonly last: Code
  /** 2: a pass settled before every act; 1: acts raced; 0: a fault happened. */
  readonly clean: number
  /** The bases that a person has set. */
  readonly pers: string
  /** A CRM user opted in after eMarketeer's last act other than consent. */
  readonly crm: boolean
  /** The content of a backup. */
  readonly backup: Memory | null
}

/**
 * A copy that is changed before it is used. Each part is named, because spreading an object with so many takes thirty
 * times as long.
 */
export function copyOf(s: State): { -readonly [Part in keyof State]: State[Part] } {
  return {
    e: s.e,
    ev: s.ev,
    rows: s.rows,
    tP: s.tP,
    tW: s.tW,
    mem: s.mem,
    lost: s.lost,
    passes: s.passes,
    mapped: s.mapped,
    remaps: s.remaps,
    late: s.late,
    n: s.n,
    now: s.now,
    crashes: s.crashes,
    delays: s.delays,
    noises: s.noises,
    restores: s.restores,
    setMoves: s.setMoves,
    hides: s.hides,
    lastSide: s.lastSide,
    lastRow: s.lastRow,
    last: s.last,
    clean: s.clean,
    pers: s.pers,
    crm: s.crm,
    backup: s.backup,
  }
}

/**
 * The state with some parts changed. Where nearly every state is changed, parts of a copy are set one by one instead.
 */
export function changed(s: State, parts: Partial<State>): State {
  return Object.assign(copyOf(s), parts)
}

/** The progress of the passes as a short text, unique to it. */
export function passesKey(passes: State['passes']): string {
  let key = ''
  for (const pass of passes) {
    key += passKey(pass)
  }
  return key
}

export function rowKey(row: Row): string {
  const writer = row.by === 'us' ? 'u' : row.by === 'user' ? 'p' : 'd'
  return `${row.live ? '/' : '('}${row.d}${row.dv}${writer}${row.td}${row.carried ? '^' : ''}${row.unread ? '%' : ''}${leftWithKey(row)}`
}

/** What a row took along, as a short text, unique to it. */
export function leftWithKey({ leftWith }: Pick<Row, 'leftWith'>): string {
  if (leftWith === null) {
    return ''
  }
  const { seen, openAllow } = leftWith
  return `<${codeOf(seen.value)}${seen.version ?? '?'}${seen.want === null ? '' : codeOf(seen.want)}${openAllow ?? ''}${openKey(seen)}${seen.setByUser ? 'p' : ''}>`
}

export function readKey(read: Omit<Read, 'id'>): string {
  let key = `${read.e}${read.ev},${read.tP},${read.tW}${read.mapped ? '=' : ''}`
  for (const row of read.rows) {
    key += row.id + rowKey(row)
  }
  return key
}

/** A write as a short text, unique to it. */
export function writeKey(write: Write): string {
  return `${write.side}${write.row}${write.v}${write.guard}`
}

/** The guard of a write does not matter after the write has landed. */
function acked({ side, row, v }: Write): string {
  return `${side}${row}${v}`
}

function passKey(pass: Pass): string {
  switch (pass?.at) {
    case undefined:
      return '#'
    case 'readE':
      return `#e${pass.e}${pass.ev},${pass.tP},${pass.tW}`
    case 'readD':
      return `#d${pass.read.id}${pass.told ? '+' : '-'}${departedKey(pass)}`
    case 'write':
      return `#w${pass.told ? '+' : '-'}${pass.todo.map(writeKey).join('')}`
    case 'ack':
      return `#a${pass.told ? '+' : '-'}${acked(pass.write)}.${pass.version}.${pass.rest.map(writeKey).join('')}`
  }
}

/** Earlier writes of ours that may still land, as a short text. */
export function openKey({ open }: SeenRecord<CrmValue>): string {
  return open === undefined ? '' : `*${open.map(codeOf).join('')}`
}

/** Denies that left since the last observation, as a short text. */
export function departedKey({ departed }: Pick<CellMemory<CrmValue>, 'departed'>): string {
  return departed.map((record) => `${record.recordId}${record.version ?? '?'})`).join('')
}

/** Whether the last act by a person anywhere was a deny. */
export function denied(s: State): boolean {
  return s.last === 'W' || s.last === 'X'
}

/** The row with another value, written by somebody. */
export function written(row: Row, d: Code, by: Row['by'], td: number): Row {
  const { id, dv, live, carried, unread, leftWith } = row
  return { id, d, dv: dv + 1, by, td, live, carried, unread, leftWith }
}

/** The rows with one of them replaced. */
export function replaced(rows: readonly Row[], index: number, row: Row): readonly Row[] {
  return rows.length === 1 ? [row] : rows.map((r, i) => (i === index ? row : r))
}
