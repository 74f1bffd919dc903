import { setTimeout as wait } from 'node:timers/promises'
import { restoreSweepCrons, type CronEnvironment } from '../activities/sweep-cron.js'
import { logger } from '../telemetry/logger.js'

const log = logger('worker')

/** A missing cron is restored within this time, if a worker serves the queue `sweep`. */
const LOOK_EVERY_MS = 5 * 60_000

/** After the first failure. */
const LOOK_SOON_MS = 10_000

/**
 * While a worker runs, makes sure that each connection has its cron. Never fails: it logs failures, and tries again.
 * @param register makes sure of the search attributes: without them nothing can be started in a new namespace.
 */
export async function watchSweeps(
  environment: CronEnvironment,
  register: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let failedBefore = false
  while (!signal.aborted) {
    const failures = await look(environment)
    const failed = failures.length > 0
    if (failed) {
      failures.push(
        ...(await register().then(
          () => [],
          (error: unknown) => [error],
        )),
      )
    }
    for (const error of failures) {
      log.warn({ err: error }, 'the crons of the sweeps could not be checked')
    }
    const next = failed && !failedBefore ? LOOK_SOON_MS : LOOK_EVERY_MS
    failedBefore = failed
    await wait(next, undefined, { signal }).catch(() => undefined)
  }
}

/** Looks once. @returns its failures. */
async function look(environment: CronEnvironment): Promise<unknown[]> {
  try {
    const { restarted, ended, failures } = await restoreSweepCrons(environment)
    for (const connectionId of restarted) {
      log.warn({ connectionId }, "the sweep's cron was gone; it is started again")
    }
    for (const connectionId of ended) {
      log.warn(
        { connectionId },
        "the sweep's cron ran for a connection that may not be swept; it is ended",
      )
    }
    return [...failures]
  } catch (error) {
    return [error]
  }
}
