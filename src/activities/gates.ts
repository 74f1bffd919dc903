import { setTimeout as wait } from 'node:timers/promises'
import { AppError } from '../contracts/app-error.js'
import { isRefusalCode } from '../contracts/refusal.js'
import type { CrmDriver } from '../crm/crm.js'
import { LONGEST_WAIT_SECONDS, UpstreamError } from '../http/index.js'
import type { Side } from '../ledger/connection/cursors.js'
import {
  closeGate,
  crmGateOf,
  giveProbeBack,
  openGate,
  openTimedGate,
  takeProbe,
  type CrmGate,
} from '../ledger/connection/gates.js'
import { requireCrm, type SyncSession } from '../connection/session.js'
import { AUTH_PROBE_MS, gateOf, toAppError } from '../connection/to-app-error.js'
import { refusalReason, refusalMessage } from '../connection/refusal-words.js'

/** Which systems a piece of work calls: one that is throttled must not stop work that does without it. */
export type Needs = 'both' | 'emarketeer'

/** A connection's work, and its CRM's driver, which knows the words for a refusal. */
export interface Gated {
  readonly session: SyncSession
  readonly driver: CrmDriver | null
}

/** How often somebody who came while the CRM was being tried looks what came of it. */
const LOOK_EVERY_MS = 200
/** A try that ended without an answer told nothing. */
const TRY_AGAIN_MS = 60_000

/**
 * Lets work through whose systems may be called. Where the CRM refused us and the time has come, whoever comes first
 * tries to sign in, once and for all: the others wait for what comes of it.
 * @throws AppError with the code that the gate was closed with, and what the try met.
 */
export async function passGates({ session, driver }: Gated, needs: Needs): Promise<void> {
  const { db, connection, call } = session
  const { connectionId, emarketeerBlockedUntil, emarketeerBlockedCode, crmBlockedCode } = connection
  refuseBefore('emarketeer', emarketeerBlockedUntil, emarketeerBlockedCode)
  if (needs === 'emarketeer' || crmBlockedCode === null) {
    return
  }
  for (;;) {
    const gate = await crmGateOf(db, connectionId)
    if (!isRefusalCode(gate.code)) {
      return refuseBefore('crm', gate.until, gate.code)
    }
    if (gate.closed && !gate.probing) {
      refuseRefused(gate)
    }
    if (!gate.probing && (await takeProbe(db, connectionId, AUTH_PROBE_MS))) {
      return probe({ session, driver })
    }
    await wait(LOOK_EVERY_MS, undefined, { signal: call.signal })
  }
}

/**
 * Closes the gate of the system that a failure tells to leave alone.
 * @returns the failure to throw: a refusal in plain words.
 */
export async function closeAfter({ session, driver }: Gated, error: unknown): Promise<unknown> {
  const gate = gateOf(error)
  if (gate === null) {
    return error
  }
  const { connectionId, config } = session.connection
  const { side, code } = gate
  const reason = isRefusalCode(code) ? refusalReason(driver, error) : null
  const shown = reason ?? shownReason(code, error)
  const untilMs = Date.now() + gate.forMs
  await closeGate(session.db, { connectionId, side, untilMs, code, reason: shown, config }).catch(
    () => undefined,
  )
  return reason === null
    ? error
    : new AppError(code, refusalMessage({ reason, since: null, until: new Date(untilMs) }), {
        value: error instanceof UpstreamError ? error.upstreamCode : null,
        retryAfterMs: gate.forMs,
        cause: error,
      })
}

/** What is shown of a gate that no refusal has closed, where its code does not say it all. */
function shownReason(code: string, error: unknown): string | null {
  if (error instanceof UpstreamError && error.askedToWait !== null) {
    return `It asked to wait ${error.askedToWait}; we wait ${LONGEST_WAIT_SECONDS / 60} minutes at a time.`
  }
  return code === 'crm_privilege_missing' ? toAppError(error).message : null
}

/** Opens the gates of systems that asked for time, and have answered since. */
export async function reopenTimed({ connection, db, call }: SyncSession): Promise<void> {
  const spent = call.tally.totals()
  for (const side of ['emarketeer', 'crm'] satisfies Side[]) {
    const code = side === 'crm' ? connection.crmBlockedCode : connection.emarketeerBlockedCode
    if (code !== null && spent[side] > 0) {
      await openTimedGate(db, connection.connectionId, side)
    }
  }
}

async function probe(gated: Gated): Promise<void> {
  const { session } = gated
  const { connectionId } = session.connection
  try {
    await requireCrm(session).session.check(session.call)
  } catch (error) {
    // A right that is missing is missed after signing in.
    if (error instanceof UpstreamError && error.code === 'upstream_forbidden') {
      await openGate(session.db, connectionId, 'crm')
      throw error
    }
    const failure = await closeAfter(gated, error)
    if (gateOf(error)?.side !== 'crm') {
      await giveProbeBack(session.db, connectionId, TRY_AGAIN_MS)
    }
    throw failure
  }
  await openGate(session.db, connectionId, 'crm')
}

function refuseRefused({ code, reason, since, until }: CrmGate): never {
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
