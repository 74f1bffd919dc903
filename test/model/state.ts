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
  /** What it took along when it left the address. */
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

/** What one pass has read. */
export interface Read {
  readonly e: Code
  readonly ev: number
  readonly tP: number
  readonly tW: number
  readonly rows: readonly Row[]
  /** Whether the connection file maps the tenant's own basis. */
  readonly mapped: boolean
}

/** Where a pass stands. `told`: the last act had been a deny when the CRM was read. */
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
      /** What our database held then: what leaves later waits for the next pass. */
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

/** One state of the two systems, our database, the passes under way, and the faults used so far. */
export interface State {
  readonly e: Code
  readonly ev: number
  /** Oldest first. */
  readonly rows: readonly Row[]
  /** When eMarketeer last saw a positive act and a deny; -9 never. */
  readonly tP: number
  readonly tW: number
  readonly mem: Memory
  /** Our database was restored to a moment when it did not know the cell. */
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
  /** Side, row and value of the last act by a person. */
  readonly lastSide: 'E' | 'D' | '.'
  readonly lastRow: number
  readonly last: Code
  /** 2: a pass settled before every act; 1: acts raced; 0: a fault happened. */
  readonly clean: number
  /** The bases that a person has set. */
  readonly pers: string
  /** A CRM user opted in after eMarketeer's last act that was not consent. */
  readonly crm: boolean
  /** What a restore brings back. */
  readonly backup: Memory | null
}

/** The state as a short text, unique to it. */
export function keyOf(s: State): string {
  let key = `${s.e}${s.ev}`
  for (const row of s.rows) {
    key += rowKey(row)
  }
  key += `;${s.tP},${s.tW};${s.mem.id}${s.lost ? '?' : ''}`
  for (const pass of s.passes) {
    key += passKey(pass)
  }
  key += s.late === null ? '' : `!${writeKey(s.late)}`
  key += s.remaps > 0 ? `=${s.remaps}${s.mapped ? '+' : '-'}` : ''
  key += `;${s.n},${s.now},${s.crashes}${s.delays}${s.noises}${s.restores}${s.setMoves}`
  key += `${s.lastSide}${s.lastRow}${s.last}${s.clean}${s.pers}${s.crm ? '+' : '-'}`
  return s.backup === null ? key : `${key}~${s.backup.id}`
}

export function rowKey(row: Row): string {
  const writer = row.by === 'us' ? 'u' : row.by === 'user' ? 'p' : 'd'
  return `${row.live ? '/' : '('}${row.d}${row.dv}${writer}${row.td}${row.carried ? '^' : ''}${leftWithKey(row)}`
}

function leftWithKey({ leftWith }: Row): string {
  if (leftWith === null) {
    return ''
  }
  const { seen, openAllow } = leftWith
  return `<${codeOf(seen.value)}${seen.version ?? '?'}${seen.want === null ? '' : codeOf(seen.want)}${openAllow ?? ''}${openKey(seen)}>`
}

export function readKey(read: Read): string {
  let key = `${read.e}${read.ev},${read.tP},${read.tW}${read.mapped ? '=' : ''}`
  for (const row of read.rows) {
    key += row.id + rowKey(row)
  }
  return key
}

function writeKey(write: Write): string {
  return `${write.side}${write.row}${write.v}${write.guard}`
}

/** What guarded a write no longer matters once it has landed. */
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
      return `#d${readKey(pass.read)}${pass.told ? '+' : '-'}${departedKey(pass)}`
    case 'write':
      return `#w${pass.told ? '+' : '-'}${pass.todo.map(writeKey).join('')}`
    case 'ack':
      return `#a${pass.told ? '+' : '-'}${acked(pass.write)}.${pass.version}.${pass.rest.map(writeKey).join('')}`
  }
}

/** Earlier writes of ours that may land yet, as a short text. */
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
