import { isDenyCode, valueOf } from './codes.js'
import type { Config } from './config.js'
import type { Step } from './pass.js'
import type { Row, State } from './state.js'

/** A record joins the address or leaves it: nobody's act, and no version of it moves. */
export function recordSetSteps(config: Config, s: State): readonly Step[] {
  const out: Step[] = []
  const live = s.rows.filter((row) => row.live)
  s.rows.forEach((row, index) => {
    const base = { ...s, setMoves: s.setMoves + 1, clean: 0 }
    if (!row.live) {
      out.push([
        `join${index}`,
        { ...base, rows: withLive(s.rows, index, true), crm: joinedCrm(config, s, row) },
        null,
      ])
    } else if (live.length > 1) {
      out.push([`leave${index}`, { ...base, rows: handOver(s, row, index) }, null])
    }
  })
  return out
}

function withLive(rows: readonly Row[], index: number, live: boolean): readonly Row[] {
  return rows.map((row, i) => (i === index ? { ...row, live } : row))
}

/**
 * A deny that no pass has stored yet cannot be known once its record is gone, so it must follow the person onto the
 * record that stays (rule F5: on a merge the strictest wins). A deny that was stored is remembered by the rule.
 */
function handOver(s: State, row: Row, index: number): readonly Row[] {
  const rows = withLive(s.rows, index, false).map((r, i) =>
    i === index ? { ...r, carried: false } : r,
  )
  const stored = s.mem.value.seen?.records.find((seen) => seen.recordId === row.id)
  const known =
    stored !== undefined && stored.value === valueOf(row.d) && stored.version === String(row.dv)
  if (!row.carried && (!isDenyCode(row.d) || known)) {
    return rows
  }
  const heir = rows.findIndex((r) => r.live)
  return rows.map((r, i) => (i === heir ? { ...r, carried: true } : r))
}

/** A person's consent on the record that joins may cross to an eMarketeer that holds nothing (R2). */
function joinedCrm(config: Config, s: State, row: Row): boolean {
  return s.crm || (config.rich && s.e === 'N' && row.d === 'C' && row.by === 'user')
}
