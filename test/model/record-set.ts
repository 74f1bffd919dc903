import type { Config } from './config.js'
import type { Step } from './pass.js'
import type { Rule } from './rule.js'
import { changed, replaced, type Row, type State } from './state.js'

/** A record joins the address or leaves it: nobody's act, and no version changes. */
export function recordSetSteps(config: Config, rule: Rule, s: State): readonly Step[] {
  const out: Step[] = []
  const live = s.rows.filter((row) => row.live)
  const base = changed(s, { setMoves: s.setMoves + 1, clean: 0 })
  s.rows.forEach((row, index) => {
    if (!row.live) {
      const rows = replaced(s.rows, index, { ...row, live: true })
      out.push([`join${index}`, changed(base, { rows, crm: joinedCrm(config, s, row) }), null])
    } else if (live.length > 1 || config.empties) {
      const left = rule.leave(s.mem, row)
      const rows = replaced(s.rows, index, left.row)
      out.push([`leave${index}`, changed(base, { mem: left.mem, rows }), null])
      if (left.denies && live.length > 1) {
        // Merged into the other one, to which its deny moves (rule F5: the strictest wins).
        const heirs = rows.map((r) => (r.live ? { ...r, carried: true } : r))
        out.push([`merge${index}`, changed(base, { mem: left.mem, rows: heirs }), null])
      }
    }
  })
  return out
}

/** A person's consent on the record that joins may cross to an eMarketeer without a basis (R2). */
function joinedCrm(config: Config, s: State, row: Row): boolean {
  return s.crm || (config.rich && s.e === 'N' && row.d === 'C' && row.by === 'user')
}
