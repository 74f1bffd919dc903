import { setTimeout as wait } from 'node:timers/promises'
import { restoreSweepCrons, type CronPlace } from '../activities/sweep-cron.js'
import { logger } from '../telemetry/logger.js'

const log = logger('worker')

/** A cron that is gone is back after at most this long, where a worker serves the queue `sweep`. */
const LOOK_EVERY_MS = 5 * 60_000

/** Sees, for as long as a worker lives, that each connection has its cron. Never fails: what it meets is told, and tried again. */
export async function watchSweeps(place: CronPlace, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const { restarted, ended, failures } = await restoreSweepCrons(place)
      for (const connectionId of restarted) {
        log.warn({ connectionId }, "the sweep's cron was gone; it is started again")
      }
      for (const connectionId of ended) {
        log.warn(
          { connectionId },
          "the sweep's cron ran for a connection that may not be swept; it is ended",
        )
      }
      for (const error of failures) {
        log.warn({ err: error }, 'the crons of the sweeps could not be looked after')
      }
    } catch (error) {
      log.warn({ err: error }, 'the crons of the sweeps could not be looked after')
    }
    await wait(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
}
