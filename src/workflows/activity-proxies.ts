import { proxyActivities } from '@temporalio/workflow'
import type { SetupActivities } from '../contracts/setup-activities.js'
import type { PreSendActivities, SyncActivities } from '../contracts/sync-activities.js'

/**
 * Activities as workflows call them. Whether an error is retried follows from its code alone; 429s carry the time to
 * wait. Sync work is tried until it succeeds: a sweep that gives up would only be the next sweep.
 */

/** Waits between tries: quick at first, for lost races and restarts; then patient, for outages. */
const RETRY = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '1 minute',
} as const

/** Reading and writing in bulk: a killed worker is noticed within ten seconds, so the whole may take its time. */
export const sync = proxyActivities<SyncActivities>({
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '10 seconds',
  retry: RETRY,
})

/** Short work in the ledger or on Temporal itself. */
export const brief = proxyActivities<SyncActivities & PreSendActivities & SetupActivities>({
  startToCloseTimeout: '1 minute',
  retry: RETRY,
})

/** Work of a sendout, which has a deadline: tried again sooner. */
export const preSendWork = proxyActivities<PreSendActivities & SyncActivities>({
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { ...RETRY, maximumInterval: '10 seconds' },
})

/** How soon the last look is tried again, and how often when nobody waits any longer. */
const LAST_RETRY_MS = 5_000
const LAST_TRIES = 6
const LAST_WORK_MS = 10 * 60_000

/**
 * The last look and the verdicts. An outage is waited out as long as the deadline allows; after it, too, they are made,
 * but bounded, since somebody is waiting. The activity itself gives up sooner where it was asked to wait for long.
 * @param remainingMs until the deadline; below zero where it has passed.
 */
export function lastWork(remainingMs: number): Pick<PreSendActivities, 'decideMembers'> {
  const leftMs = Math.max(0, remainingMs)
  return proxyActivities<PreSendActivities>({
    // One that hangs is given up while there is time for another.
    startToCloseTimeout: LAST_WORK_MS,
    scheduleToCloseTimeout: leftMs + LAST_WORK_MS,
    heartbeatTimeout: '10 seconds',
    retry: {
      ...RETRY,
      maximumInterval: LAST_RETRY_MS,
      maximumAttempts: LAST_TRIES + Math.ceil(leftMs / LAST_RETRY_MS),
    },
  })
}

/**
 * Steps of set-up. What passes by itself within a quarter of an hour is waited out; after that the step pauses, so that
 * somebody sees it, and is looked at again later.
 */
export const setupWork = proxyActivities<SetupActivities & SyncActivities>({
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '10 seconds',
  retry: { ...RETRY, maximumAttempts: 20 },
})
