import { isDenyCode, isLooseCode, isPositiveCode, type Code } from './codes.js'
import type { Config } from './config.js'
import { sameDeparted, type Rule } from './rule.js'
import {
  copyOf,
  denied,
  replaced,
  written,
  type Pass,
  type Read,
  type Row,
  type State,
  type Write,
} from './state.js'

/** A step of the environment: its name, the next state, and the property that it violates, if any. */
export type Step = readonly [label: string, next: State, violation: string | null]

/** The successors of one pass; the first is the undisturbed one. */
export function passSteps(config: Config, rule: Rule, s: State, index: number): readonly Step[] {
  const pass = s.passes[index] ?? null
  if (pass === null) {
    const { e, ev, tP, tW } = s
    return [['readE', withPass(s, index, { at: 'readE', e, ev, tP, tW }), null]]
  }
  switch (pass.at) {
    case 'readE': {
      const { e, ev, tP, tW } = pass
      const rows = s.rows.filter((row) => row.live)
      const read = rule.read({ e, ev, tP, tW, rows, mapped: s.mapped })
      const { departed } = s.mem.value
      const told = toldOfDeny(config, s)
      return [['readD', withPass(s, index, { at: 'readD', read, told, departed }), null]]
    }
    case 'readD':
      return [decideStep(config, rule, s, index, pass)]
    case 'write':
      return writeSteps(config, s, index, pass)
    case 'ack': {
      const mem = rule.acknowledge(s, pass.write, pass.version)
      const next: Pass =
        pass.rest.length > 0 ? { at: 'write', told: pass.told, todo: pass.rest } : null
      const acknowledged = copyOf(s)
      acknowledged.mem = mem
      acknowledged.passes = passesWith(s, index, next)
      return [['ack', acknowledged, null]]
    }
  }
}

/** The pass reads a deny that binds the complete cell; a younger twin's withdrawal binds only its own row (C5). */
function toldOfDeny({ rich }: Config, s: State): boolean {
  const oldest = s.rows.findIndex((row) => row.live)
  const reads = s.lastSide === 'E' || s.rows[s.lastRow]?.unread !== true
  return denied(s) && reads && !(rich && s.lastSide === 'D' && s.lastRow !== oldest)
}

type At<K> = Extract<Pass, { at: K }>

function decideStep(config: Config, rule: Rule, s: State, index: number, pass: At<'readD'>): Step {
  const { read, told } = pass
  if (config.recheck && s.ev !== read.ev) {
    return ['discard', withPass(s, index, null), null]
  }
  const decided = rule.decide(rule.withDeparted(s.mem, pass.departed), read, s.lost)
  const { rows, todo, arrived, settled } = decided
  const isLater = config.mutation !== 'departureOverwritten' && !sameDeparted(s.mem, pass.departed)
  const next = isLater ? rule.withDeparted(decided.next, s.mem.value.departed) : decided.next
  const kept =
    arrived.length + settled.length > 0
      ? s.rows.map((row) => ({
          ...row,
          carried: row.carried && !arrived.includes(row.id),
          leftWith: settled.includes(row.id) && isAsRead(row, read) ? null : row.leftWith,
        }))
      : s.rows
  const loosened = read.rows.some((row) => row.unread) && todo.some((write) => isLooseCode(write.v))
  const stored = copyOf(s)
  stored.rows = kept
  stored.mem = next
  stored.lost = s.lost && next.value.seen === null
  stored.passes = passesWith(s, index, todo.length > 0 ? { at: 'write', told, todo } : null)
  const overwritten =
    !read.mapped && rows.some((d, i) => read.rows[i]?.d === 'U' && d !== 'U' && d !== 'W')
  return [
    decided.label,
    stored,
    loosened
      ? 'B8 loosens beside a record that cannot be read'
      : overwritten
        ? "C2 something else than a withdrawal is written over the tenant's own basis"
        : null,
  ]
}

/** The row has not left again since it was read. */
function isAsRead(row: Row, read: Read): boolean {
  return read.rows.some(({ id, leftWith }) => id === row.id && leftWith === row.leftWith)
}

function writeSteps(config: Config, s: State, index: number, pass: At<'write'>): readonly Step[] {
  const [write, ...rest] = pass.todo
  if (write === undefined) {
    throw new RangeError('a pass in its writes has one to do')
  }
  const name = `w${write.side}${s.rows.length > 1 && write.side === 'D' ? write.row : ''}=${write.v}`
  const steps: Step[] = []
  if (!accepted(config, s, write)) {
    // A lost race: read again, decide again.
    steps.push(['412', withPass(s, index, null), null])
  } else {
    const [landed, violation] = land(config, s, write, pass.told)
    const version = write.side === 'E' ? landed.ev : (landed.rows[write.row]?.dv ?? -1)
    const { told } = pass
    steps.push([
      name,
      withPass(landed, index, { at: 'ack', told, write, version, rest }),
      violation,
    ])
  }
  if (s.delays < config.delay) {
    const away = copyOf(s)
    away.passes = passesWith(s, index, null)
    away.late = write
    away.delays = s.delays + 1
    away.clean = 0
    steps.push([`${name} delayed`, away, null])
  }
  return steps
}

function withPass(s: State, index: number, pass: Pass): State {
  const next = copyOf(s)
  next.passes = passesWith(s, index, pass)
  return next
}

export function passesWith(s: State, index: number, pass: Pass): State['passes'] {
  return s.passes.length === 1 ? [pass] : s.passes.map((p, i) => (i === index ? pass : p))
}

/** Whether the system accepts the write: by its version, or blindly. */
export function accepted(config: Config, s: State, { side, row, guard }: Write): boolean {
  return side === 'E' ? !config.casE || guard === s.ev : !config.casD || guard === s.rows[row]?.dv
}

/** A write of ours reaches its system. `told`: the pass knew of a deny; null for a late landing. */
export function land(
  config: Config,
  s: State,
  { side, row, v }: Write,
  told: boolean | null,
): readonly [State, string | null] {
  const target = s.rows[row]
  const violation = judgeLanding(s, side, side === 'E' ? s.e : (target?.d ?? '?'), v, told)
  const next = copyOf(s)
  if (side === 'E') {
    next.e = v
    next.ev = s.ev + 1
    return [next, violation]
  }
  next.now = config.stamped ? s.now + 1 : s.now
  if (target !== undefined) {
    next.rows = replaced(s.rows, row, written(target, v, 'us', next.now))
  }
  return [next, violation]
}

function judgeLanding(s: State, side: 'E' | 'D', old: Code, v: Code, told: boolean | null) {
  if (side === 'E' && v === 'C' && old === 'L' && !s.crm) {
    return "I4 C without a CRM user's act"
  }
  if (isDenyCode(old) && isLooseCode(v) && told === true) {
    return 'I2 loosens over a deny which the pass had read'
  }
  if (side === 'E' && v === 'C' && old !== 'C' && !s.crm) {
    return 'I3 C fabricated'
  }
  return isPositiveCode(v) && !s.pers.includes(v) ? `I3 ${v} which no person set` : null
}
