import type { ClockReading } from '../http/index.js'
import { saveCrmClock } from '../ledger/crm-clock.js'
import type { SyncSession } from './session.js'

/** Beyond this the CRM's times prove nothing, and its driver tells none (docs/reconciliation.md, eps). */
export const MAX_CLOCK_OFFSET_MS = 5 * 60_000

/** Keeps the last reading of the CRM's clock that a piece of work came by. */
export class ClockWatch {
  #crm: ClockReading | null = null

  /** As `onClock` of a call. eMarketeer's clock stamps its own acts and needs no reading. */
  readonly note = (reading: ClockReading): void => {
    if (reading.system !== 'emarketeer') {
      this.#crm = reading
    }
  }

  /** The last reading, or null. */
  get crm(): ClockReading | null {
    return this.#crm
  }
}

/**
 * Stores how far the CRM's clock is off, as measured on the way, for `connection show`; and says so where it is too far
 * off for any of its times to count: then only versions prove which act was later.
 */
export async function noteCrmClock(session: SyncSession): Promise<void> {
  const reading = session.clock?.crm
  if (!reading) {
    return
  }
  const { connectionId } = session.connection
  await saveCrmClock(session.db, connectionId, reading.offsetMs)
  if (Math.abs(reading.offsetMs) > MAX_CLOCK_OFFSET_MS) {
    session.log.warn(
      { connectionId, offsetMs: reading.offsetMs },
      'the clock of the CRM is off by more than five minutes; its times prove nothing until it is set right',
    )
  }
}
