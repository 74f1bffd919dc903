import {
  basisOf,
  isDenyCode,
  isLooseCode,
  isPositiveCode,
  rowVersionOf,
  valueOf,
  versionOf,
  type Code,
} from './codes.js'
import type { Config } from './config.js'
import { agree } from './properties.js'
import { EPOCH, type Rule } from './rule.js'
import { withBasis } from './environment.js'
import { changed, type Memory, type Row, type State } from './state.js'

type Writer = Row['by']

/** Every initial state: a first link, two sides in agreement, and one whose stored observation is of an older epoch. */
export function* initialStates(config: Config, rule: Rule): Generator<readonly [string, State]> {
  for (const e of 'NWCL') {
    for (const [d, by] of rowsOf(config)) {
      if (config.rich && config.noise > 0 && by !== 'user' && d !== 'N' && !config.brought) {
        // At a first link, a default that a user saves again cannot be distinguished from an act.
        continue
      }
      for (const second of config.sets + config.hides === 0
        ? [null]
        : config.rich
          ? RICH_SECOND
          : TOGGLE_SECOND) {
        yield* beginnings(config, rule, e, d, by, second)
      }
    }
  }
}

function rowsOf({ rich, vals }: Config): readonly (readonly [Code, Writer])[] {
  const own: readonly (readonly [Code, Writer])[] = vals.includes('U') ? [['U', 'user']] : []
  return rich ? [...RICH_ROWS, ...own] : TOGGLE_ROWS
}

const TOGGLE_ROWS: readonly (readonly [Code, Writer])[] = [
  ['A', 'default'],
  ['X', 'user'],
]
const RICH_ROWS: readonly (readonly [Code, Writer])[] = [
  ['N', 'default'],
  ['W', 'user'],
  ['C', 'user'],
  ['L', 'user'],
  ['L', 'default'],
  ['C', 'us'],
]
const FIRST: Omit<Row, 'd' | 'by'> = {
  id: '0',
  dv: 0,
  td: 0,
  live: true,
  carried: false,
  unread: false,
  leftWith: null,
}
const TOGGLE_SECOND = ['A', 'X']
const RICH_SECOND = ['C', 'W']

function* beginnings(
  config: Config,
  rule: Rule,
  e: Code,
  d: Code,
  by: Writer,
  second: Code | null,
): Generator<readonly [string, State]> {
  const empty = rule.memory({ seen: null, openAllow: {}, openLoosen: null, departed: [] })
  const first: Row = { ...FIRST, d, by }
  const rows: Row[] = [config.brought ? rule.brought(first) : first]
  if (second !== null) {
    rows.push({ ...FIRST, id: '1', d: second, by: 'user', live: config.twins })
  }
  const pers = rows.reduce(
    (set, row) => (row.by === 'user' ? withBasis(set, row.d === 'A' ? 'C' : row.d) : set),
    withBasis('', e),
  )
  const s: State = {
    e,
    ev: 0,
    rows,
    tP: isPositiveCode(e) ? 0 : -9,
    tW: e === 'W' ? 0 : -9,
    mem: empty,
    lost: false,
    passes: Array.from({ length: config.passes }, () => null),
    mapped: false,
    remaps: 0,
    late: null,
    n: 0,
    now: 0,
    crashes: 0,
    delays: 0,
    noises: 0,
    restores: 0,
    setMoves: 0,
    hides: 0,
    lastSide: '.',
    lastRow: 0,
    last: e === 'W' || isDenyCode(d) ? 'W' : '.',
    // Among several toggles, one that allows does not override one that denies.
    clean: config.twins || config.brought ? 0 : 2,
    pers,
    crm:
      e === 'N' &&
      ((d === 'C' && by === 'user') || (config.twins && second !== null && isLooseCode(second))),
    backup: null,
  }
  const name = `${e}/${d}(${by})${second === null ? '' : `+${second}`}`
  yield [`${name} first link`, s]
  if (!config.twins && agree(config, e, [d])) {
    const mem = stored(config, rule, e, 0, d, 0, EPOCH)
    yield [`${name} synced`, changed(s, { mem, backup: config.restore > 0 ? mem : null })]
  }
  if (config.reuse) {
    yield* oldEpochs(config, rule, name, s)
  }
}

/** A CRM or eMarketeer was restored to an older state, so that its versions occur again. */
function* oldEpochs(config: Config, rule: Rule, name: string, s: State) {
  for (const e0 of 'WC') {
    for (const d0 of config.rich ? 'WC' : 'AX') {
      for (const v of [0, 1]) {
        const mem = stored(config, rule, e0, 1 - v, d0, v, 0, s.rows.slice(1))
        yield [
          `${name}, old-epoch seen ${e0}@${1 - v}/${d0}@${v}`,
          changed(s, { mem, clean: 0 }),
        ] as const
      }
    }
  }
}

function stored(
  { rich }: Config,
  rule: Rule,
  e: Code,
  ev: number,
  d: Code,
  dv: number,
  epoch: number,
  others: readonly Row[] = [],
): Memory {
  const record = {
    recordId: '0',
    value: valueOf(d),
    version: rowVersionOf(rich, d, dv),
    want: null,
    ...(d === 'U' ? { unmapped: true as const } : {}),
  }
  const rest = others
    .filter((row) => row.live)
    .map((row) => ({
      recordId: row.id,
      value: valueOf(row.d),
      version: rowVersionOf(rich, row.d, row.dv),
      want: null,
    }))
  const records = [record, ...rest]
  const seen = { basis: basisOf(e), version: versionOf(e, ev), records, epoch }
  return rule.memory({ seen, openAllow: {}, openLoosen: null, departed: [] })
}
