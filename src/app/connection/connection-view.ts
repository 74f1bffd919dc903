import { redactConfig } from '../../config/connection/stored-config.js'
import { isRecord } from '../../config/connection/json-object.js'
import {
  newestIntervention,
  type KeptIntervention,
  type LifeAction,
} from '../../ledger/connection/connection-life.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'
import { overridesOf, type KeptOverride } from '../../ledger/connection/overrides.js'
import { crmClockOf, type CrmClock, futureStampsOf } from '../../ledger/connection/crm-notices.js'
import { crmTimesOf } from '../../ledger/copy/crm-times.js'
import { crmWalkOf } from '../../ledger/copy/crm-walk.js'
import { sweepOf, type SweepRow } from '../../ledger/connection/sweeps.js'
import type { FutureStamps } from '../../crm/crm.js'
import { CRM_DRIVERS } from '../../crm/registry.js'
import { MAX_CLOCK_OFFSET_MS } from '../../domain/clock.js'
import { noticesOf, type Notices } from '../../connection/notices.js'
import {
  ambiguousDecisionsOf,
  type AmbiguousDecision,
} from '../../ledger/evidence/consent-events.js'
import type { Queryable } from '../../ledger/db/database.js'
import type { ConnectionCounts } from '../../ledger/copy/connection-counts.js'
import {
  timesView,
  type TimesView,
  sweepView,
  type SweepView,
  pauseOf,
  shownState,
  attributionOf,
  type PauseView,
  type Attribution,
} from './view-parts.js'

/** A connection in the list. */
export interface ConnectionSummary {
  readonly connectionId: string
  readonly accountId: string
  readonly crm: string
  /** Also `paused` if the service itself has paused it. */
  readonly state: string
  /** How and why it is paused, or null. */
  readonly pause: PauseView | null
}

/** A tripped circuit breaker: nobody calls the system before `until`. */
interface OpenBreaker {
  readonly code: string
  readonly until: string | null
  /** Since when; null: not known. */
  readonly since: string | null
  /**
   * For a refusal: its reason and the remedy, for people. Otherwise the wait that the system asked for, if it is longer
   * than ours.
   */
  readonly reason: string | null
}

/** The answer of `connection show`. Holds no secret and no address. */
export interface ConnectionView extends ConnectionSummary {
  readonly epoch: number
  /** The file as applied. Each secret is replaced by the name of its variable, or by `***`. */
  readonly config: Readonly<Record<string, unknown>>
  /** The moment as of which our copy of each side is complete (ISO UTC); null: not yet complete. */
  readonly verifiedAsOf: { readonly emarketeer: string | null; readonly crm: string | null }
  /**
   * The CRM returned a row without its owner, and no listing since was free of such rows. `verifiedAsOf.crm` then
   * proves only records that were read directly.
   */
  readonly crmRowsWithoutOwner: boolean
  /**
   * Why it is disabled, or null. `removeInstalled`: somebody asked to remove the installation too. `installationLeft`:
   * something of it may remain, because removal was never asked for, has not ended, was aborted, or skipped a step.
   */
  readonly disabled:
    (Attribution & { readonly removeInstalled: boolean; readonly installationLeft: boolean }) | null
  /** Whether the CRM posts changes to us, and why not; null: set-up has not reached that step. */
  readonly webhooks: { readonly installed: boolean; readonly reason: string | null } | null
  /**
   * The offset of the CRM's clock from ours; null: not measured yet. Beyond the tolerance the CRM's times prove
   * nothing.
   */
  readonly clock: {
    readonly offsetMs: number
    readonly measuredAt: string
    readonly timesCount: boolean
  } | null
  /** What the times of the CRM's rows are worth as proof of the later act; null if its rows carry no times. */
  readonly times: TimesView | null
  /**
   * Records whose time in the CRM lies more than a day in the future, the first twenty. Every sweep reads them again,
   * and they do not move the next sweep's start. null: none.
   */
  readonly futureStamps: FutureStamps | null
  /** The daily walk from addresses to CRM records; null for a CRM whose change list is complete. */
  readonly walk: {
    readonly done: number
    readonly total: number
    readonly lastCompletedAt: string | null
  } | null
  /**
   * Legal bases that the tenant created in the CRM and that the file does not map (C2), with the number of persons per
   * basis and purpose. Such a basis is not synced, and its persons are not mailed.
   */
  readonly unmappedBases: Notices['unmappedBases']
  /** The key of the connection file that maps such bases; null: the CRM has none. */
  readonly basisMappingKey: Notices['basisMappingKey']
  /** Names of subscription categories that somebody added in the CRM. They are ignored (D3). */
  readonly foreignCategories: Notices['foreignCategories']
  /** Ids of records on both sides whose address field links nobody. Only their denies count (A). */
  readonly unusableAddresses: Notices['unusableAddresses']
  /**
   * Decisions whose proof was spoiled only by an unrelated edit in the CRM: the newest twenty. `counts` has their
   * number.
   */
  readonly ambiguous: readonly {
    readonly at: string
    readonly cell: string
    readonly line: string
    readonly contactId: string | null
  }[]
  /** The result of its sweeps; null: no sweep was ever expected. */
  readonly sweep: SweepView | null
  /** Decisions of people about it: overrides of set-up, pauses, approvals. Newest first, the last twenty (E3). */
  readonly decisions: readonly {
    readonly at: string
    readonly subject: string
    readonly action: string
    readonly reason: string
    readonly by: string
  }[]
  readonly blocked: { readonly emarketeer: OpenBreaker | null; readonly crm: OpenBreaker | null }
  readonly counts: ConnectionCounts
}

const MAX_DECISIONS = 20

/** The facts that are stored outside the connection's row. */
export interface ConnectionMeasures {
  readonly decisions: readonly KeptOverride[]
  readonly ambiguous: readonly AmbiguousDecision[]
  readonly clock: CrmClock | null
  readonly times: TimesView | null
  readonly futureStamps: FutureStamps | null
  readonly walk: ConnectionView['walk']
  readonly notices: Notices
  readonly sweep: SweepRow | null
}

/** Reads what was measured of a connection's CRM, and what people decided. */
export async function measuresOf(
  db: Queryable,
  connection: ConnectionRow,
): Promise<ConnectionMeasures> {
  const { connectionId, crm } = connection
  const driver = CRM_DRIVERS.get(crm) ?? null
  const decisions = await overridesOf(db, connectionId, MAX_DECISIONS)
  const ambiguous = await ambiguousDecisionsOf(db, connectionId, MAX_DECISIONS)
  const clock = await crmClockOf(db, connectionId)
  const times = await timesOf(db, connection)
  const futureStamps = await futureStampsOf(db, connectionId)
  const notices = await noticesOf(db, connection, driver)
  const sweep = await sweepOf(db, connectionId)
  if (driver?.capabilities.completeDelta !== false) {
    return { decisions, ambiguous, clock, times, futureStamps, notices, sweep, walk: null }
  }
  const { done, total, walkedAt } = await crmWalkOf(db, connectionId)
  return {
    decisions,
    ambiguous,
    clock,
    times,
    futureStamps,
    notices,
    sweep,
    walk: { done, total, lastCompletedAt: walkedAt?.toISOString() ?? null },
  }
}

async function timesOf(
  db: Queryable,
  { connectionId, crm, config, facts }: ConnectionRow,
): Promise<TimesView | null> {
  const driver = CRM_DRIVERS.get(crm)
  const { section } = config
  const chosen = driver?.rowTimes?.(isRecord(section) ? section : {}, facts)
  return chosen === undefined
    ? null
    : timesView(chosen, await crmTimesOf(db, connectionId), Date.now())
}

function clockOf(clock: CrmClock | null): ConnectionView['clock'] {
  return clock === null
    ? null
    : {
        offsetMs: clock.offsetMs,
        measuredAt: clock.measuredAt.toISOString(),
        timesCount: Math.abs(clock.offsetMs) <= MAX_CLOCK_OFFSET_MS,
      }
}

/** The short form. @param kept as for {@link viewOf}. */
export function summaryOf(
  connection: ConnectionRow,
  kept: KeptIntervention | null,
): ConnectionSummary {
  const { connectionId, accountId, crm } = connection
  return {
    connectionId,
    accountId,
    crm,
    state: shownState(connection),
    pause: pauseOf(connection, kept),
  }
}

/** The long form. @param kept the command that brought the connection to its state, or null if none did. */
export function viewOf(
  connection: ConnectionRow,
  counts: ConnectionCounts,
  kept: KeptIntervention | null,
  measures: ConnectionMeasures,
): ConnectionView {
  const { state } = connection
  return {
    ...summaryOf(connection, kept),
    epoch: connection.epoch,
    config: redactConfig(connection.config),
    verifiedAsOf: {
      emarketeer: connection.emarketeerProvenAt?.toISOString() ?? null,
      crm: connection.crmProvenAt?.toISOString() ?? null,
    },
    crmRowsWithoutOwner: connection.crmUnattributed,
    disabled:
      state === 'disabled'
        ? {
            removeInstalled: kept?.action === 'removeInstalled',
            installationLeft: isLeft(connection),
            ...attributionOf(kept),
          }
        : null,
    webhooks: webhooksOf(connection),
    clock: clockOf(measures.clock),
    times: measures.times,
    futureStamps: measures.futureStamps,
    walk: measures.walk,
    ...measures.notices,
    ambiguous: measures.ambiguous.map(({ at, ...rest }) => ({ at: at.toISOString(), ...rest })),
    sweep: sweepView(connection, measures.sweep),
    decisions: measures.decisions.map(({ at, ...rest }) => ({ at: at.toISOString(), ...rest })),
    blocked: {
      emarketeer: breakerTripOf({
        code: connection.emarketeerBlockedCode,
        until: connection.emarketeerBlockedUntil,
        since: connection.emarketeerBlockedSince,
        reason: connection.emarketeerBlockedReason,
      }),
      crm: breakerTripOf({
        code: connection.crmBlockedCode,
        until: connection.crmBlockedUntil,
        since: connection.crmBlockedSince,
        reason: connection.crmBlockedReason,
      }),
    },
    counts,
  }
}

/** Reads the command that brought a connection to its state; null if no command did. */
export async function keptFor(
  db: Queryable,
  { connectionId, state }: ConnectionRow,
): Promise<KeptIntervention | null> {
  const newest = await newestIntervention(db, connectionId)
  return newest !== null && STATE_AFTER[newest.action] === state ? newest : null
}

const STATE_AFTER: Readonly<Record<LifeAction, ConnectionRow['state']>> = {
  disable: 'disabled',
  removeInstalled: 'disabled',
  pause: 'paused',
  resume: 'active',
}

/** Whether something that set-up created in the CRM may still exist. */
function isLeft({ facts, registeredWebhooks, removalBegun }: ConnectionRow): boolean {
  return Object.keys(facts).length > 0 || registeredWebhooks !== null || removalBegun
}

/** Whether the CRM posts changes, and why not; null: set-up has registered no webhooks. */
export function webhooksOf({ registeredWebhooks }: ConnectionRow): ConnectionView['webhooks'] {
  if (registeredWebhooks === null) {
    return null
  }
  const { installed, reason } = registeredWebhooks
  return { installed, reason }
}

function breakerTripOf({ code, until, since, reason }: StoredBreaker): OpenBreaker | null {
  return code === null
    ? null
    : {
        code,
        until: until?.toISOString() ?? null,
        since: since?.toISOString() ?? null,
        reason,
      }
}

interface StoredBreaker {
  readonly code: string | null
  readonly until: Date | null
  readonly since: Date | null
  readonly reason: string | null
}
