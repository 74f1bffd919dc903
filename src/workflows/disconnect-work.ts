import { proxyActivities } from '@temporalio/workflow'
import type { LifeActivities } from '../contracts/life-activities.js'

const RETRY = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '1 minute',
} as const

/** Short work of a connection's life, in the ledger or on Temporal itself: tried until it succeeds. */
export const life = proxyActivities<LifeActivities>({
  startToCloseTimeout: '1 minute',
  retry: RETRY,
})

/** Removing something outside: what passes within a quarter of an hour is waited out, then a person decides. */
export const removal = proxyActivities<LifeActivities>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '10 seconds',
  retry: { ...RETRY, maximumAttempts: 20 },
})

/** eMarketeer's webhook is one short call, without a heartbeat. */
export const shortRemoval = proxyActivities<LifeActivities>({
  startToCloseTimeout: '2 minutes',
  retry: { ...RETRY, maximumAttempts: 20 },
})

/**
 * Removing webhooks of a connection that is only disabled: a CRM that does not answer, or refuses us, must not keep it
 * from ending. A webhook that is left is refused by the gateway (410).
 */
export const briefRemoval = proxyActivities<LifeActivities>({
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '3 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { ...RETRY, maximumInterval: '10 seconds', maximumAttempts: 5 },
})

/** The same for eMarketeer's. */
export const briefShortRemoval = proxyActivities<LifeActivities>({
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '3 minutes',
  retry: { ...RETRY, maximumInterval: '10 seconds', maximumAttempts: 5 },
})
