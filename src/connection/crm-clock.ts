import { clockOfDate, MAX_CLOCK_OFFSET_MS } from '../domain/clock.js'
import type { ClockReading } from '../http/index.js'
import { saveCrmClock } from '../ledger/connection/crm-notices.js'
import { saveMeasurement } from '../ledger/copy/crm-times.js'
import type { SyncSession } from './session.js'

/** The last reading of each side's clock in one piece of work. */
export class ClockWatch {
  #crm: ClockReading | null = null
  #emarketeer: ClockReading | null = null

  /** The `onClock` callback of a call. */
  readonly note = (reading: ClockReading): void => {
    if (reading.system === 'emarketeer') {
      this.#emarketeer = reading
    } else {
      this.#crm = reading
    }
  }

  get crm(): ClockReading | null {
    return this.#crm
  }

  get emarketeer(): ClockReading | null {
    return this.#emarketeer
  }
}

/**
 * Stores the CRM's clock offset for `connection show`, and warns if it is too large for its times to count: then only
 * versions prove which act was later.
 */
export async function noteCrmClock(session: SyncSession): Promise<void> {
  const reading = session.clock?.crm
  if (!reading) {
    return
  }
  const { connectionId } = session.connection
  await saveCrmClock(session.db, connectionId, reading.offsetMs)
  const measuredAtMs = Date.now()
  const { emarketeer } = session.clock
  const save = (by: 'crmByDate' | 'emarketeerByDate', measured: ClockReading) =>
    saveMeasurement(session.db, connectionId, by, { ...clockOfDate(measured), measuredAtMs })
  // A toggle's field history states its own uncertainty of the CRM's clock.
  if (session.crm?.capabilities.values === 'rich') {
    await save('crmByDate', reading)
  }
  await (emarketeer && save('emarketeerByDate', emarketeer))
  if (Math.abs(reading.offsetMs) > MAX_CLOCK_OFFSET_MS) {
    session.log.warn(
      { connectionId, offsetMs: reading.offsetMs },
      'the clock of the CRM is off by more than five minutes; its times prove nothing until it is set right',
    )
  }
}
