import type { SweepOutcome } from '../../contracts/sweep.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'
import { permitsOf } from '../../domain/connection-state.js'
import type { SweepRow } from '../../ledger/connection/sweeps.js'

/** How a connection's sweeps went, as `connection show` tells it. */
export interface SweepView {
  /** When everything due was last passed over; null: never yet. */
  readonly lastDoneAt: string | null
  /** What is known of the last sweep, since when it is so, and why. */
  readonly outcome: SweepOutcome | null
  readonly since: string | null
  readonly code: string | null
  readonly message: string | null
  /** None was done for two hours though it should have been: the matter may be known (`outcome`) or not. */
  readonly overdue: boolean
  /** What the last one that was done could not read, or had to leave undone of its housekeeping, in words. */
  readonly untidy: readonly string[]
  /** When its cron was last found gone, and was started again. */
  readonly cronRestartedAt: string | null
}

/** How they went. A connection that may not be swept is never overdue. */
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

/** In words, one line each. */
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
