import {
  isDenyCode,
  isLooseCode,
  isPositiveCode,
  meant,
  rowVersionOf,
  valueOf,
  versionOf,
  codeOf,
  type Code,
} from './codes.js'
import type { Config } from './config.js'
import { passSteps } from './pass.js'
import { EPOCH, type Rule } from './rule.js'
import { changed, denied, rowKey, type Row, type State } from './state.js'
import type { Place } from './state-set.js'

/** Counts beside the verdict. */
export interface Statistics {
  passes: number
  writes: number
  /** Per `clean`: how often the last positive act won, of how many states. */
  readonly live: readonly [won: number, of: number][]
}

/**
 * At rest: both sides agree (by the oldest record's value; a withdrawn twin may stay). Beside a basis without a
 * counterpart, any value except a withdrawal is allowed.
 */
export function agree(config: Config, e: Code, ds: readonly Code[]): boolean {
  const [oldest, ...twins] = ds
  if (oldest === 'U') {
    return e !== 'W'
  }
  if (config.rich) {
    return e === oldest && (e === 'N' || twins.every((d) => d === e || d === 'W'))
  }
  return isPositiveCode(e) ? ds.every((d) => d === 'A') : e === 'W' && ds.every((d) => d === 'X')
}

function liveRows(s: State): readonly Row[] {
  return s.rows.length === 1 ? s.rows : s.rows.filter((row) => row.live)
}

/** A pass has run and nothing is left to do: a person who acts now acts after everything was observed. */
export function settled(rule: Rule, s: State): boolean {
  const { seen } = s.mem.value
  if (
    seen === null ||
    seen.epoch !== EPOCH ||
    s.rows.some((row) => row.unread) ||
    s.late !== null ||
    s.passes.some((p) => p !== null)
  ) {
    return false
  }
  const live = liveRows(s)
  const same =
    codeOf(seen.basis) === s.e &&
    seen.version === versionOf(s.e, s.ev) &&
    live.every((row) => {
      const record = seen.records.find(({ recordId }) => recordId === row.id)
      return (
        record?.value === valueOf(row.d) &&
        (record.version === String(row.dv) || record.version === rowVersionOf(true, row.d, row.dv))
      )
    })
  if (!same) {
    return false
  }
  const { e, rows } = rule.decide(
    s.mem,
    rule.read({ e: s.e, ev: s.ev, tP: s.tP, tW: s.tW, rows: live, mapped: s.mapped }),
    s.lost,
  )
  return e === s.e && rows.every((d, i) => d === live[i]?.d)
}

/** The send gate's own check: both sides allow, no live row denies or is in doubt, no deny was left behind. */
export function sendable(config: Config, rule: Rule, s: State): boolean {
  if (!isPositiveCode(s.e)) {
    return false
  }
  const live = liveRows(s)
  if (live.some((row) => row.unread)) {
    return false
  }
  const [oldest] = live
  const allows = config.rich
    ? oldest === undefined ||
      isPositiveCode(oldest.d) ||
      (oldest.d === 'U' && rule.counts(s.mem, oldest, s.mapped))
    : live.every((row) => row.d === 'A')
  const refused = live.some((row) => row.carried || isDenyCode(row.d))
  const read = rule.read({ e: s.e, ev: s.ev, tP: s.tP, tW: s.tW, rows: live, mapped: s.mapped })
  return allows && !refused && rule.gateOpen(s.mem, read, s.lost)
}

type Rest = {
  readonly e: Code
  readonly rows: readonly Row[]
  readonly end: State
  readonly last: number
  readonly writes: number
}

/** Results that depend only on a state's place. */
class ByPlace<T> {
  private readonly bySystems: Map<number, T>[] = []

  get({ systems, known }: Place, ask: () => T): T {
    const answers = (this.bySystems[systems] ??= new Map<number, T>())
    const answer = answers.get(known) ?? ask()
    answers.set(known, answer)
    return answer
  }
}

/** Checks states; repeated questions are computed once. */
export class Judge {
  private readonly rests = new ByPlace<Rest | null>()
  private readonly gates = new ByPlace<boolean>()
  readonly statistics: Statistics = {
    passes: 0,
    writes: 0,
    live: [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
  }

  constructor(
    private readonly config: Config,
    private readonly rule: Rule,
  ) {}

  /** The property that the state violates, or null. */
  check(s: State, place: Place): string | null {
    if (denied(s) && this.gates.get(place, () => sendable(this.config, this.rule, s))) {
      return 'G  sendable although the last act is a deny'
    }
    if (s.late !== null || s.passes.some((pass) => pass !== null)) {
      return null
    }
    const rest = this.rests.get(place, () => this.run(changed(s, { passes: [null] })))
    if (rest === null) {
      return 'I6 never quiet'
    }
    if (rest.rows.length === 0 || rest.rows.some((row) => row.unread)) {
      return this.checkPartly(s, rest)
    }
    this.statistics.passes = Math.max(this.statistics.passes, rest.last)
    this.statistics.writes = Math.max(this.statistics.writes, rest.writes)
    const ds = rest.rows.map((row) => meant(row.d, s.mapped))
    const shown = `${rest.e}/${ds.join('')}`
    const agreed = agree(this.config, rest.e, ds) || rest.e === 'N' || this.waitsForAnAct(rest)
    if (!agreed || rest.last > 2) {
      return `I5 ${shown} after ${rest.last} passes`
    }
    if (denied(s) && !this.optOutStands(s, rest)) {
      return `I1 OPT-OUT LOST: rests at ${shown}`
    }
    return s.n > 0 && !denied(s) ? this.checkLiveness(s, rest, shown) : null
  }

  /**
   * Without any record a deny stays in eMarketeer. Beside an unreadable record a deny crosses from the others, and
   * eMarketeer's stays.
   */
  private checkPartly(s: State, rest: Rest): string | null {
    const oldest = s.rows.findIndex((row) => row.live)
    const row = s.rows[s.lastRow]
    const isRead = row !== undefined && row.live && !row.unread
    const binds = isRead && (!this.config.rich || s.lastRow === oldest)
    const isKnown = s.lastSide !== 'D' || binds || rest.rows.length === 0
    return denied(s) && isKnown && rest.e !== 'W' ? `I1 OPT-OUT LOST: only ${rest.e}` : null
  }

  /**
   * eMarketeer's positive basis may be our own late write, so it does not cross to an older person who came without a
   * row (R2): not sendable until somebody acts.
   */
  private waitsForAnAct({ rows, end }: Rest): boolean {
    return (
      rows.length > 1 &&
      rows[0]?.d === 'N' &&
      end.mem.value.openLoosen !== null &&
      !sendable(this.config, this.rule, end)
    )
  }

  /** Both sides deny; a younger twin's withdrawal stays on its row, and closes the gate (C5). */
  private optOutStands(s: State, rest: Rest): boolean {
    if (rest.e === 'W' && rest.rows.every((row) => isDenyCode(row.d))) {
      return true
    }
    const onTwin = this.config.rich && s.rows.length > 1
    return (
      onTwin &&
      rest.rows.slice(1).some((row) => row.d === 'W') &&
      !sendable(this.config, this.rule, rest.end)
    )
  }

  /** Whether the last act, a positive one, wins. */
  private checkLiveness(s: State, rest: Rest, shown: string): string | null {
    const d = meant(rest.rows[0]?.d ?? '?', s.mapped)
    const last = meant(s.last, s.mapped)
    if (d === 'U' || last === 'U') {
      // An unmapped basis neither makes anybody mailable, nor ends a withdrawal.
      return null
    }
    const won =
      isPositiveCode(rest.e) &&
      isLooseCode(d) &&
      ((s.lastSide === 'D' && !this.config.rich) || last === rest.e)
    const count = this.statistics.live[s.clean]
    if (count !== undefined) {
      count[0] += won ? 1 : 0
      count[1] += 1
    }
    return s.clean === 2 && !won && !this.config.mutation
      ? `LV the last positive act is lost without a fault or a race: ${shown}`
      : null
  }

  /** Undisturbed passes until one changes nothing; null if none of eight does. */
  private run(start: State): Rest | null {
    let now = start
    let last = 0
    let writes = 0
    for (let pass = 1; pass <= 8; pass += 1) {
      const before = now
      let wrote = 0
      do {
        const [step] = passSteps(this.config, this.rule, now, 0)
        if (step === undefined) {
          return null
        }
        wrote += step[0].startsWith('w') ? 1 : 0
        now = step[1]
      } while (now.passes[0] !== null)
      writes += wrote
      last = wrote > 0 ? pass : last
      const same =
        now.e === before.e &&
        now.ev === before.ev &&
        now.mem === before.mem &&
        now.lost === before.lost
      if (same && now.rows.every((row, i) => rowKey(row) === rowKey(before.rows[i] ?? row))) {
        return { e: now.e, rows: liveRows(now), end: now, last, writes }
      }
    }
    return null
  }
}
