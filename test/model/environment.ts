import type { Code } from './codes.js'
import { isPositiveCode, meant } from './codes.js'
import type { Config } from './config.js'
import { accepted, land, passesWith, passSteps, type Step } from './pass.js'
import { settled } from './properties.js'
import type { Rule } from './rule.js'
import { recordSetSteps } from './record-set.js'
import { changed, copyOf, replaced, written, type Row, type State, type Write } from './state.js'

/** Every possible next step. */
export function steps(config: Config, rule: Rule, s: State): readonly Step[] {
  const out: Step[] = []
  if (s.n < config.acts) {
    addActs(config, rule, s, out)
  }
  if (s.noises < config.noise) {
    addUnrelatedEdits(config, s, out)
  }
  if (s.setMoves < config.sets) {
    out.push(...recordSetSteps(config, rule, s))
  }
  if (s.hides < config.hides) {
    out.push(...hidingSteps(s))
  }
  if (s.remaps < config.remaps) {
    out.push([
      s.mapped ? 'unmap' : 'map',
      changed(s, { mapped: !s.mapped, remaps: s.remaps + 1, clean: 0 }),
      null,
    ])
  }
  if (mayRestore(config, s)) {
    out.push(['restoreOurDB', restored(rule, s), null])
  }
  if (s.late !== null) {
    addLateWrite(config, s, s.late, out)
  }
  for (let index = 0; index < s.passes.length; index += 1) {
    const who = config.passes > 1 ? `${'AB'.charAt(index)}:` : ''
    if (s.passes[index] !== null && s.crashes < config.crash) {
      const crashed = copyOf(s)
      crashed.passes = passesWith(s, index, null)
      crashed.crashes = s.crashes + 1
      crashed.clean = 0
      out.push([`${who}crash`, crashed, null])
    }
    for (const step of passSteps(config, rule, s, index)) {
      out.push(who === '' ? step : [who + step[0], step[1], step[2]])
    }
  }
  return out
}

const GAPS = [1]
const GAPS_BY_CLOCKS = [1, 5]

/** Users act on either side; if there are clocks, 1 or 5 later. */
function addActs(config: Config, rule: Rule, s: State, out: Step[]): void {
  const { stamped, rich, vals } = config
  const clean = settled(rule, s) ? s.clean : Math.min(s.clean, 1)
  for (const gap of stamped ? GAPS_BY_CLOCKS : GAPS) {
    const base = copyOf(s)
    base.n = s.n + 1
    base.now = stamped ? s.now + gap : 0
    base.clean = clean
    for (const v of vals) {
      if (v !== 'U') {
        out.push([`userE=${v}`, actedInE(s, base, v, stamped), null])
      }
    }
    for (let index = 0; index < s.rows.length; index += 1) {
      const row = s.rows[index]!
      if (row.live) {
        for (const v of rich ? vals : row.d === 'A' ? 'X' : 'A') {
          const name = s.rows.length > 1 ? index : ''
          out.push([`userD${name}=${v}`, actedInD(s, base, v, row, index), null])
        }
      }
    }
  }
}

function actedInE(s: State, base: State, v: Code, stamped: boolean): State {
  const next = copyOf(base)
  next.e = v
  next.ev = s.ev + 1
  if (stamped && v === 'W') {
    next.tW = base.now
  } else if (stamped) {
    next.tP = base.now
  }
  next.lastSide = 'E'
  next.lastRow = 0
  next.last = v
  next.crm = s.crm && v === 'C'
  next.pers = withBasis(s.pers, v)
  return next
}

function actedInD(s: State, base: State, v: Code, row: Row, index: number): State {
  const next = copyOf(base)
  next.rows = replaced(s.rows, index, written(row, v, 'user', base.now))
  if (v === row.d && row.by !== 'user') {
    // To choose what we wrote cannot be distinguished from saving the card.
    next.clean = 0
  }
  next.lastSide = 'D'
  next.lastRow = index
  next.last = v
  next.crm = s.crm || v === 'A' || v === 'C'
  next.pers = withBasis(s.pers, v === 'A' ? 'C' : v)
  return next
}

/** A version changes, the value does not. */
function addUnrelatedEdits(config: Config, s: State, out: Step[]): void {
  const inE = copyOf(s)
  inE.noises = s.noises + 1
  inE.clean = 0
  const inD = copyOf(inE)
  inE.ev = s.ev + 1
  const [oldest, ...others] = s.rows
  if (config.rich) {
    inD.now = config.stamped ? s.now + 1 : s.now
    inD.rows = [written(oldest!, oldest!.d, 'user', inD.now), ...others]
  } else {
    inD.rows = [written(oldest!, oldest!.d, oldest!.by, oldest!.td), ...others]
  }
  out.push(['otherBasisE', inE, null], [config.rich ? 'saveAgain' : 'otherColumn', inD, null])
}

/** A record's value becomes unreadable, or readable again: nobody's act, and no version changes. */
function hidingSteps(s: State): readonly Step[] {
  return s.rows.map((row, index): Step => {
    const rows = s.rows.map((r, i) => (i === index ? { ...row, unread: !row.unread } : r))
    const name = row.unread ? 'show' : 'hide'
    return [`${name}${index}`, changed(s, { rows, hides: s.hides + 1, clean: 0 }), null]
  })
}

/** Our database is restored while no call is in progress. */
function mayRestore(config: Config, s: State): boolean {
  const quiet = s.passes.every((pass) => pass === null) && !(s.late !== null && config.fence)
  return s.restores < config.restore && quiet
}

function restored(rule: Rule, s: State): State {
  const old = s.backup?.value.seen ?? null
  const seen = old === null ? null : { ...old, epoch: 0 }
  const mem = rule.memory({ seen, openAllow: {}, openLoosen: null, departed: [] })
  return changed(s, { mem, lost: seen === null, restores: s.restores + 1, clean: 0 })
}

function addLateWrite(config: Config, s: State, late: Write, out: Step[]): void {
  const gone = copyOf(s)
  gone.late = null
  out.push(['lost', gone, null])
  if (accepted(config, s, late)) {
    const [landed, violation] = land(config, gone, late, null)
    out.push([`late${late.side}=${late.v}`, landed, violation])
  }
}

/** The bases that a person has set, with one more. */
export function withBasis(pers: string, v: Code): string {
  const basis = meant(v, true)
  return isPositiveCode(basis) && !pers.includes(basis) ? [...pers, basis].sort().join('') : pers
}
