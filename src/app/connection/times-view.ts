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

/** What times of a rich CRM's rows are worth, as `connection show` tells it (docs/reconciliation.md). */
export interface TimesView {
  readonly mode: TimesMode
  /** Whether they prove which act was later wherever they may. */
  readonly counts: boolean
  /** Since when that is known (ISO UTC), or null. */
  readonly since: string | null
  /** Why, in plain words. */
  readonly reason: string
}

/**
 * Tells it. Pure.
 * @param measured whether set-up has measured on a test person that each write counts. @param nowMs our clock, Unix ms.
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
  'next sweep tells'
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
