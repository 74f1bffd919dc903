import type { Memory, Pass, Row, State, Write } from './state.js'
import { leftWithKey, passesKey, writeKey } from './state.js'

/** Number of 32-bit integers per state. */
const WORDS = 6
const FIRST_CAPACITY = 1 << 16

/** The part of a state that is in the two systems. */
type Systems = Pick<State, 'e' | 'ev' | 'rows' | 'tP' | 'tW'>

/** The place of a state: equal systems and equal memories have equal numbers. */
export interface Place {
  readonly systems: number
  /** Number of the memory, with whether it was lost and the connection file's mapping. */
  readonly known: number
}

/**
 * The visited states, each once, in the order of their first visit. A state is a row of integers. Its parts, and the
 * state, are distinguished by their complete contents, so that no two are ever confused.
 */
export class StateSet {
  private words = new Int32Array(FIRST_CAPACITY * WORDS)
  private slots = new Int32Array(FIRST_CAPACITY * 4)
  private readonly systems = new Numbered<Systems>()
  private readonly sides = new Numbered<null>()
  private readonly rows = new Numbered<null>()
  private readonly alongs = new Numbered<Row['leftWith']>()
  private readonly passes = new Numbered<readonly Pass[]>()
  private readonly late = new Numbered<Write | null>()
  private readonly memories: Memory[] = []
  private readonly row = new Int32Array(WORDS)
  /** The state that was read last, with its numbers; its successors share most of its parts. */
  private base: State | null = null
  private readonly baseRow = new Int32Array(WORDS)
  size = 0

  /** @returns whether the state is new. */
  add(s: State): boolean {
    const { row } = this
    this.encode(s, row)
    const mask = this.slots.length - 1
    let slot = hash(row, 0) & mask
    for (let index = this.slots[slot]!; index !== 0; index = this.slots[slot]!) {
      if (this.holds(index - 1)) {
        return false
      }
      slot = (slot + 1) & mask
    }
    if (this.words.length === this.size * WORDS) {
      this.words = doubled(this.words)
    }
    this.words.set(row, this.size * WORDS)
    this.size += 1
    this.slots[slot] = this.size
    if (this.size * 3 > this.slots.length) {
      this.rehash()
    }
    return true
  }

  /** The state with this index. */
  read(index: number): State {
    const from = index * WORDS
    for (let i = 0; i < WORDS; i += 1) {
      this.baseRow[i] = this.words[from + i]!
    }
    this.base = this.decode(this.baseRow)
    return this.base
  }

  /** The place of the state that was read last. */
  place(): Place {
    const [systems, memory, , budgets] = this.baseRow
    return { systems: systems!, known: memory! * 4 + (budgets! & 3) }
  }

  private holds(index: number): boolean {
    const { row, words } = this
    const from = index * WORDS
    for (let i = 0; i < WORDS; i += 1) {
      if (words[from + i] !== row[i]) {
        return false
      }
    }
    return true
  }

  private rehash(): void {
    const slots = new Int32Array(this.slots.length * 2)
    const mask = slots.length - 1
    for (let index = 0; index < this.size; index += 1) {
      let slot = hash(this.words, index * WORDS) & mask
      while (slots[slot] !== 0) {
        slot = (slot + 1) & mask
      }
      slots[slot] = index + 1
    }
    this.slots = slots
  }

  private encode(s: State, row: Int32Array): void {
    const { base, baseRow } = this
    row[0] = base !== null && sameSystems(s, base) ? baseRow[0]! : this.numberOfSystems(s)
    row[1] = this.numberOfMemory(s.mem)
    row[2] =
      base !== null && s.passes === base.passes
        ? baseRow[2]!
        : this.passes.number(passesKey(s.passes), s.passes)
    const late =
      base !== null && s.late === base.late
        ? baseRow[4]! >> 13
        : this.late.number(s.late === null ? '' : writeKey(s.late), s.late)
    row[3] =
      Number(s.lost) |
      (Number(s.mapped) << 1) |
      part(s.remaps, 2, 2) |
      part(s.n, 3, 4) |
      part(s.now, 8, 7) |
      part(s.crashes, 2, 15) |
      part(s.delays, 2, 17) |
      part(s.noises, 2, 19) |
      part(s.restores, 2, 21) |
      part(s.setMoves, 2, 23) |
      part(s.hides, 2, 25)
    row[4] =
      Number(s.crm) |
      part(SIDES.indexOf(s.lastSide), 2, 1) |
      part(s.lastRow, 1, 3) |
      part(VALUES.indexOf(s.last), 4, 4) |
      part(s.clean, 2, 8) |
      part(PERSONS.indexOf(s.pers), 3, 10) |
      part(late, 16, 13)
    row[5] = s.backup === null ? 0 : this.numberOfMemory(s.backup) + 1
  }

  private decode(row: Int32Array): State {
    const budgets = row[3]!
    const last = row[4]!
    const { e, ev, rows, tP, tW } = this.systems.items[row[0]!]!
    return {
      e,
      ev,
      rows,
      tP,
      tW,
      mem: this.memories[row[1]!]!,
      lost: (budgets & 1) === 1,
      passes: this.passes.items[row[2]!]!,
      mapped: (budgets & 2) === 2,
      remaps: (budgets >> 2) & 3,
      late: this.late.items[last >> 13]!,
      n: (budgets >> 4) & 7,
      now: (budgets >> 7) & 255,
      crashes: (budgets >> 15) & 3,
      delays: (budgets >> 17) & 3,
      noises: (budgets >> 19) & 3,
      restores: (budgets >> 21) & 3,
      setMoves: (budgets >> 23) & 3,
      hides: (budgets >> 25) & 3,
      lastSide: SIDES[(last >> 1) & 3]!,
      lastRow: (last >> 3) & 1,
      last: VALUES.charAt((last >> 4) & 15),
      clean: (last >> 8) & 3,
      pers: PERSONS[(last >> 10) & 7]!,
      crm: (last & 1) === 1,
      backup: row[5] === 0 ? null : this.memories[row[5]! - 1]!,
    }
  }

  private numberOfSystems(s: State): number {
    const { e, ev, rows, tP, tW } = s
    // Numbers, which are faster to compare than a text. Each part has its own bits, and throws if it needs more.
    const times = part(tP + TIMES_FROM, 8, 0) | part(tW + TIMES_FROM, 8, 8)
    const side = times | part(VALUES.indexOf(e), 4, 16) | part(ev, 5, 20)
    let key = part(this.sides.number(side, null), 15, 0) * 3 + part(rows.length, 2, 0)
    if (rows.length > 2) {
      throw new RangeError('two records are told apart at most')
    }
    for (const row of rows) {
      key = key * ROWS + part(this.numberOfRow(row), 18, 0)
    }
    return this.systems.numberOf(key) ?? this.systems.number(key, { e, ev, rows, tP, tW })
  }

  private numberOfRow(row: Row): number {
    const along = row.leftWith === null ? 0 : this.numberOfAlong(row.leftWith)
    const flags = Number(row.live) | (Number(row.carried) << 1) | (Number(row.unread) << 2)
    const writer = WRITERS.indexOf(row.by)
    const low = flags | part(writer, 2, 3) | part(VALUES.indexOf(row.d), 4, 5) | part(row.dv, 5, 9)
    return this.rows.number((low | part(row.td, 8, 14)) + part(along, 16, 0) * 2 ** 22, null)
  }

  private numberOfAlong(leftWith: NonNullable<Row['leftWith']>): number {
    return 1 + this.alongs.number(leftWithKey({ leftWith }), leftWith)
  }

  private numberOfMemory(memory: Memory): number {
    this.memories[memory.id] = memory
    return memory.id
  }
}

/** Objects by a number or a short text that is unique to each, numbered in the order of their first use. */
class Numbered<T> {
  private readonly numbers = new Map<string | number, number>()
  readonly items: T[] = []

  numberOf(key: string | number): number | undefined {
    return this.numbers.get(key)
  }

  number(key: string | number, item: T): number {
    const known = this.numbers.get(key)
    if (known !== undefined) {
      return known
    }
    this.numbers.set(key, this.items.length)
    this.items.push(item)
    return this.items.length - 1
  }
}

const SIDES = ['.', 'E', 'D'] as const
const VALUES = '.NWCLMAXU'
const WRITERS = ['us', 'user', 'default'] as const
/** More than any number of a row. */
const ROWS = 2 ** 18
/** The time of something that never happened is -9. */
const TIMES_FROM = 9
const PERSONS = ['', 'C', 'L', 'M', 'CL', 'CM', 'LM', 'CLM']

/** A part of a state in this many bits from this position on. */
function part(value: number, bits: number, from: number): number {
  if (value < 0 || value >> bits !== 0) {
    throw new RangeError(`a part of a state takes more than ${bits} bits: ${value}`)
  }
  return value << from
}

function sameSystems(s: State, base: State): boolean {
  return (
    s.rows === base.rows &&
    s.ev === base.ev &&
    s.e === base.e &&
    s.tP === base.tP &&
    s.tW === base.tW
  )
}

function hash(words: Int32Array, from: number): number {
  let h = 0x9e3779b9
  for (let i = 0; i < WORDS; i += 1) {
    h = Math.imul(h ^ words[from + i]!, 0x85ebca6b)
    h ^= h >>> 15
  }
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** The same numbers in an array twice as long. */
export function doubled(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}
