import { setTimeout as wait } from 'node:timers/promises'
import { AppError } from '../contracts/app-error.js'
import { isRefusalCode } from '../contracts/refusal.js'
import type { CrmDriver } from '../crm/crm.js'
import { LONGEST_WAIT_SECONDS, UpstreamError } from '../http/index.js'
import type { Side } from '../ledger/connection/cursors.js'
import {
  tripBreaker,
  crmBreakerOf,
  releaseProbe,
  resetBreaker,
  resetTimedBreaker,
  claimProbe,
  type CrmBreaker,
} from '../ledger/connection/breakers.js'
import { requireCrm, type SyncSession } from '../connection/session.js'
import { AUTH_PROBE_MS, breakerTripOf, toAppError } from '../connection/to-app-error.js'
import { refusalReason, refusalMessage } from '../connection/refusal-words.js'

/** The systems that work calls. A throttled system must not stop work that does not call it. */
export type Needs = 'both' | 'emarketeer'

/** A connection's work, with its CRM's driver, which supplies the message for a refusal. */
export interface Guarded {
  readonly session: SyncSession
  readonly driver: CrmDriver | null
}

/** How often other callers look for the result of a running probe. */
const LOOK_EVERY_MS = 200
/** Wait after an inconclusive probe. */
const TRY_AGAIN_MS = 60_000

/**
 * Admits work if the systems that it calls may be called. When a CRM's refusal is due for a retry, the first caller
 * probes by signing in, on behalf of all; the others wait for the result.
 * @throws AppError with the code that tripped the breaker, or the probe's own failure.
 */
export async function awaitBreakers({ session, driver }: Guarded, needs: Needs): Promise<void> {
  const { db, connection, call } = session
  const { connectionId, emarketeerBlockedUntil, emarketeerBlockedCode, crmBlockedCode } = connection
  refuseBefore('emarketeer', emarketeerBlockedUntil, emarketeerBlockedCode)
  if (needs === 'emarketeer' || crmBlockedCode === null) {
    return
  }
  for (;;) {
    const breaker = await crmBreakerOf(db, connectionId)
    if (!isRefusalCode(breaker.code)) {
      return refuseBefore('crm', breaker.until, breaker.code)
    }
    if (breaker.waiting && !breaker.probing) {
      refuseRefused(breaker)
    }
    if (!breaker.probing && (await claimProbe(db, connectionId, AUTH_PROBE_MS))) {
      return probe({ session, driver })
    }
    await wait(LOOK_EVERY_MS, undefined, { signal: call.signal })
  }
}

/**
 * Trips the breaker of a system if its failure requires it.
 * @returns the failure to throw; for a refusal, with the driver's message.
 */
export async function tripAfter({ session, driver }: Guarded, error: unknown): Promise<unknown> {
  const trip = breakerTripOf(error)
  if (trip === null) {
    return error
  }
  const { connectionId, config } = session.connection
  const { side, code } = trip
  const reason = isRefusalCode(code) ? refusalReason(driver, error) : null
  const shown = reason ?? shownReason(code, error)
  const untilMs = Date.now() + trip.forMs
  await tripBreaker(session.db, { connectionId, side, untilMs, code, reason: shown, config }).catch(
    () => undefined,
  )
  return reason === null
    ? error
    : new AppError(code, refusalMessage({ reason, since: null, until: new Date(untilMs) }), {
        value: error instanceof UpstreamError ? error.upstreamCode : null,
        retryAfterMs: trip.forMs,
        cause: error,
      })
}

/** The message shown for a breaker that something other than a refusal tripped; null if its code is sufficient. */
function shownReason(code: string, error: unknown): string | null {
  if (error instanceof UpstreamError && error.askedToWait !== null) {
    return `It asked to wait ${error.askedToWait}; we wait ${LONGEST_WAIT_SECONDS / 60} minutes at a time.`
  }
  return code === 'crm_privilege_missing' ? toAppError(error).message : null
}

/** Resets the breakers of systems that asked for a wait and have answered since. */
export async function resetTimed({ connection, db, call }: SyncSession): Promise<void> {
  const spent = call.tally.totals()
  for (const side of ['emarketeer', 'crm'] satisfies Side[]) {
    const code = side === 'crm' ? connection.crmBlockedCode : connection.emarketeerBlockedCode
    if (code !== null && spent[side] > 0) {
      await resetTimedBreaker(db, connection.connectionId, side)
    }
  }
}

async function probe(guarded: Guarded): Promise<void> {
  const { session } = guarded
  const { connectionId } = session.connection
  try {
    await requireCrm(session).client.check(session.call)
  } catch (error) {
    // A missing right shows only after a successful sign-in.
    if (error instanceof UpstreamError && error.code === 'upstream_forbidden') {
      await resetBreaker(session.db, connectionId, 'crm')
      throw error
    }
    const failure = await tripAfter(guarded, error)
    if (breakerTripOf(error)?.side !== 'crm') {
      await releaseProbe(session.db, connectionId, TRY_AGAIN_MS)
    }
    throw failure
  }
  await resetBreaker(session.db, connectionId, 'crm')
}

function refuseRefused({ code, reason, since, until }: CrmBreaker): never {
  throw new AppError(code as AppError['code'], refusalMessage({ reason, since, until }), {
    retryAfterMs: waitUntil(until),
  })
}

function refuseBefore(side: Side, until: Date | null, code: string | null): void {
  const waitMs = waitUntil(until)
  if (waitMs > 0) {
    const name = side === 'crm' ? 'The CRM' : 'eMarketeer'
    throw new AppError(
      (code as AppError['code'] | null) ?? `${side}_rate_limited`,
      `${name} is not called before ${until!.toISOString()}.`,
      { retryAfterMs: waitMs },
    )
  }
}

function waitUntil(until: Date | null): number {
  return Math.max(0, (until?.getTime() ?? 0) - Date.now())
}
