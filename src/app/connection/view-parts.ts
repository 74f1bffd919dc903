import { isRefused, type KeptIntervention } from '../../ledger/connection/connection-life.js'
import type { ConnectionRow, PauseMode } from '../../ledger/connection/connections.js'
import type { TimesMode } from '../../crm/crm.js'
import {
  clockBetween,
  clockNow,
  MAX_CLOCK_OFFSET_MS,
  mostOffsetMs,
  type ClockInterval,
} from '../../domain/clock.js'
import { isCounted } from '../../sync/pass/deciding-times.js'
import type { CrmTimes } from '../../ledger/copy/crm-times.js'
import type { SweepOutcome } from '../../contracts/sweep.js'
import { permitsOf } from '../../domain/connection-state.js'
import type { SweepRow } from '../../ledger/connection/sweeps.js'

/** Who did something, why and when, as stored; nulls if no command did it. */
export interface Attribution {
  readonly reason: string | null
  readonly by: string | null
  readonly since: string | null
}

/**
 * How and why a connection is paused. `loosening`: opt-outs flow, and what makes more people mailable waits. `refused`:
 * the service itself has paused it because the CRM refuses us; `reason` has the cause and the remedy, and `by` is null.
 */
export interface PauseView extends Attribution {
  readonly mode: PauseMode | 'refused'
}

/** The state to show: a connection that the CRM refuses counts as paused, although nobody has paused it. */
export function shownState(connection: ConnectionRow): ConnectionRow['state'] {
  return isRefused(connection) ? 'paused' : connection.state
}

/** The pause, or null. @param kept the command that brought the connection to its state, or null if none did. */
export function pauseOf(
  connection: ConnectionRow,
  kept: KeptIntervention | null,
): PauseView | null {
  if (isRefused(connection)) {
    return {
      mode: 'refused',
      reason: connection.crmBlockedReason,
      by: null,
      since: connection.crmBlockedSince?.toISOString() ?? null,
    }
  }
  return connection.state === 'paused'
    ? { mode: connection.pauseMode ?? 'all', ...attributionOf(kept) }
    : null
}

/** Who did something, why and when, in the form to show. */
export function attributionOf(kept: KeptIntervention | null): Attribution {
  return {
    reason: kept?.reason ?? null,
    by: kept?.by ?? null,
    since: kept?.at.toISOString() ?? null,
  }
}

/** What the times of a rich CRM's rows are worth, for `connection show` (docs/reconciliation.md). */
export interface TimesView {
  readonly mode: TimesMode
  /** Whether they prove which act was later, in either system. */
  readonly counts: boolean
  /** Since when this is known (ISO UTC), or null. */
  readonly since: string | null
  /** The reason, for people. */
  readonly reason: string
}

/**
 * Judges the times of a CRM's rows. Pure.
 * @param measured whether set-up has measured on a test person that each write counts.
 * @param nowMs our clock, Unix ms.
 */
export function timesView(
  { mode, measured }: { readonly mode: TimesMode; readonly measured: boolean },
  learned: CrmTimes,
  nowMs: number,
): TimesView {
  const crm = clockNow(learned.crm, nowMs)
  const emarketeer = clockNow(learned.emarketeer, nowMs)
  const clocks = crm && emarketeer && clockBetween(crm, emarketeer)
  const countingSince = learned.countingSince?.toISOString() ?? null
  if (mode === 'never') {
    return { mode, counts: false, since: null, reason: NEVER }
  }
  if (clocks === null) {
    return { mode, counts: false, since: null, reason: CLOCK_UNKNOWN }
  }
  if (mostOffsetMs(clocks) > MAX_CLOCK_OFFSET_MS) {
    return { mode, counts: false, since: measuredAt(learned.crm), reason: tooFar(clocks) }
  }
  const counts = isCounted(learned, measured)
  const { verdict } = learned.counting
  const reason =
    verdict === 'disproved'
      ? DISPROVED
      : verdict === 'proven'
        ? PROVEN
        : counts
          ? MEASURED
          : UNKNOWN
  return { mode, counts, since: countingSince, reason }
}

const NEVER = 'the connection file says never: only versions prove which act was later'
const CLOCK_UNKNOWN =
  'how far the clocks of the CRM and eMarketeer are apart is not known, or not since yesterday; a write of ours or the ' +
  'next sweep measures it'
const PROVEN =
  'our own updates are read back exactly one version on, so that a row written once shows it'
const MEASURED = 'set-up has measured on the test person that every write counts once'
const UNKNOWN =
  'no update of ours has been read back yet, so that it is not known whether every write counts once: until then a time ' +
  'can prove an act in eMarketeer to be the later one, and none in the CRM'
const DISPROVED =
  'three updates of ours in a row were not read back exactly one version on, so that a row does not show how often it was ' +
  'written; a time can prove an act in eMarketeer to be the later one, and none in the CRM, until ten in a row are'

function tooFar(clocks: ClockInterval): string {
  const { fromMs, toMs } = clocks
  const [from, to] = [fromMs, toMs].map((ms) => Math.round(ms / 1_000))
  return (
    `the CRM's clock is ${from} to ${to} seconds ahead of eMarketeer's, and beyond ` +
    `${MAX_CLOCK_OFFSET_MS / 60_000} minutes its times prove nothing: set it right`
  )
}

function measuredAt({ byWrite, byDate }: CrmTimes['crm']): string | null {
  const newest = Math.max(byWrite?.measuredAtMs ?? 0, byDate?.measuredAtMs ?? 0)
  return newest === 0 ? null : new Date(newest).toISOString()
}

/** The result of a connection's sweeps, for `connection show`. */
export interface SweepView {
  /** When a sweep last processed everything due; null: never yet. */
  readonly lastDoneAt: string | null
  /** The result of the last sweep; `since`, `code` and `message` have when and why. */
  readonly outcome: SweepOutcome | null
  readonly since: string | null
  readonly code: string | null
  readonly message: string | null
  /** No sweep was done for two hours although one should have been. The reason may be known (`outcome`) or not. */
  readonly overdue: boolean
  /** Sentences on what the last completed sweep could not read, and on housekeeping that it could not do. */
  readonly untidy: readonly string[]
  /** When its cron was last found missing and started again. */
  readonly cronRestartedAt: string | null
}

/**
 * The result of a connection's sweeps; null: none was ever expected. A connection that may not be swept is never
 * overdue.
 */
export function sweepView(connection: ConnectionRow, row: SweepRow | null): SweepView | null {
  if (row === null) {
    return null
  }
  const { doneAt, since, cronRestartedAt, late, ...rest } = row
  const expected = connection.state !== 'settingUp' && permitsOf(connection).sweeps
  return {
    lastDoneAt: doneAt?.toISOString() ?? null,
    outcome: rest.outcome,
    since: since?.toISOString() ?? null,
    code: rest.code,
    message: rest.message,
    overdue: late && expected,
    untidy: rest.untidy,
    cronRestartedAt: cronRestartedAt?.toISOString() ?? null,
  }
}

/** The sweeps as text, one line per fact. */
export function sweepLines(sweep: SweepView): string[] {
  const { lastDoneAt, outcome, since, code, message, overdue, untidy, cronRestartedAt } = sweep
  const why = [code === null ? [] : [`(${code})`], message === null ? [] : [message]]
    .flat()
    .join(' ')
  return [
    `Last sweep done ${lastDoneAt ?? 'never'}`,
    ...(outcome === null || outcome === 'done'
      ? []
      : [`The last sweep ${WORDS[outcome]} (since ${since})${why === '' ? '' : `: ${why}`}`]),
    ...(overdue
      ? ['No sweep was done for two hours: see docs/runbook.md, "A sweep is late or fails"']
      : []),
    ...untidy,
    ...(cronRestartedAt === null
      ? []
      : [`The sweep's cron was found gone at ${cronRestartedAt}, and started again`]),
  ]
}

const WORDS: Readonly<Record<Exclude<SweepOutcome, 'done'>, string>> = {
  failed: 'failed',
  refused: 'was refused by the CRM',
  skipped: 'did nothing',
  cancelled: 'was cancelled in Temporal',
  late: 'does not end',
}
