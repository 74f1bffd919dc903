import type { Code } from './codes.js'
import { isPositiveCode, meant } from './codes.js'
import type { Config } from './config.js'
import { accepted, land, passSteps, withPass, type Step } from './pass.js'
import { settled } from './properties.js'
import type { Rule } from './rule.js'
import { recordSetSteps } from './record-set.js'
import { changed, type Row, type State } from './state.js'

/** Everything that can happen next. */
export function steps(config: Config, rule: Rule, s: State): readonly Step[] {
  const out: Step[] = []
  if (s.n < config.acts) {
    out.push(...acts(config, rule, s))
  }
  if (s.noises < config.noise) {
    out.push(...unrelatedEdits(config, s))
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
    out.push(...lateWrite(config, s))
  }
  s.passes.forEach((pass, index) => {
    const who = config.passes > 1 ? `${'AB'.charAt(index)}:` : ''
    if (pass !== null && s.crashes < config.crash) {
      const crashed = changed(withPass(s, index, null), { crashes: s.crashes + 1, clean: 0 })
      out.push([`${who}crash`, crashed, null])
    }
    for (const [label, next, violation] of passSteps(config, rule, s, index)) {
      out.push([who + label, next, violation])
    }
  })
  return out
}

/** Users act on either side; where there are clocks, 1 or 5 later. */
function acts(config: Config, rule: Rule, s: State): readonly Step[] {
  const out: Step[] = []
  const clean = settled(rule, s) ? s.clean : Math.min(s.clean, 1)
  for (const gap of config.stamped ? [1, 5] : [1]) {
    const now = config.stamped ? s.now + gap : 0
    const base = changed(s, { n: s.n + 1, now, clean })
    for (const v of config.vals.replace('U', '')) {
      const time = !config.stamped ? {} : v === 'W' ? { tW: now } : { tP: now }
      const crm = s.crm && v === 'C'
      const last = { lastSide: 'E', lastRow: 0, last: v } as const
      const pers = withBasis(s.pers, v)
      const next = changed(base, { ...time, ...last, e: v, ev: s.ev + 1, crm, pers })
      out.push([`userE=${v}`, next, null])
    }
    s.rows.forEach((row, index) => {
      if (row.live) {
        out.push(...rowActs(config, s, base, row, index, now))
      }
    })
  }
  return out
}

function rowActs(config: Config, s: State, base: State, row: Row, index: number, now: number) {
  const values = config.rich ? config.vals : row.d === 'A' ? 'X' : 'A'
  return [...values].map((v): Step => {
    const rows = s.rows.map((r, i): Row =>
      i === index ? { ...r, d: v, dv: r.dv + 1, by: 'user', td: now } : r,
    )
    const crm = s.crm || v === 'A' || v === 'C'
    const pers = withBasis(s.pers, v === 'A' ? 'C' : v)
    const name = s.rows.length > 1 ? index : ''
    const last = { lastSide: 'D', lastRow: index, last: v } as const
    return [`userD${name}=${v}`, changed(base, { ...last, rows, crm, pers }), null]
  })
}

/** A version moves, the value stays. */
function unrelatedEdits(config: Config, s: State): readonly Step[] {
  const noisy = changed(s, { noises: s.noises + 1, clean: 0 })
  const now = config.stamped ? s.now + 1 : s.now
  const edited = (row: Row, i: number): Row =>
    i > 0
      ? row
      : config.rich
        ? { ...row, dv: row.dv + 1, by: 'user', td: now }
        : { ...row, dv: row.dv + 1 }
  const rows = s.rows.map(edited)
  return [
    ['otherBasisE', changed(noisy, { ev: s.ev + 1 }), null],
    config.rich
      ? ['saveAgain', changed(noisy, { rows, now }), null]
      : ['otherColumn', changed(noisy, { rows }), null],
  ]
}

/** What a record holds comes to be unreadable, or readable again: nobody's act, and no version of it moves. */
function hidingSteps(s: State): readonly Step[] {
  return s.rows.map((row, index): Step => {
    const rows = s.rows.map((r, i) => (i === index ? { ...row, unread: !row.unread } : r))
    const name = row.unread ? 'show' : 'hide'
    return [`${name}${index}`, changed(s, { rows, hides: s.hides + 1, clean: 0 }), null]
  })
}

/** Our database goes back, when no call is under way. */
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

function lateWrite(config: Config, s: State): readonly Step[] {
  const { late } = s
  if (late === null) {
    return []
  }
  const gone = changed(s, { late: null })
  const out: Step[] = [['lost', gone, null]]
  if (accepted(config, s, late)) {
    const [landed, violation] = land(config, gone, late, null)
    out.push([`late${late.side}=${late.v}`, landed, violation])
  }
  return out
}

/** The bases that a person has set, one more. */
export function withBasis(pers: string, v: Code): string {
  const basis = meant(v, true)
  return isPositiveCode(basis) && !pers.includes(basis) ? [...pers, basis].sort().join('') : pers
}
