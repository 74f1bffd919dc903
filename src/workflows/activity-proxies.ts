import type { ActivityOptions, Priority } from '@temporalio/common'
import { proxyActivities, workflowInfo } from '@temporalio/workflow'
import { fairnessKey } from '../contracts/names.js'
import {
  ACTIVITY_LIMITS,
  ACTIVITY_SUMMARIES,
  lastCallOptions,
  type Activities,
  type ActivityGroup,
  type ActivityName,
} from './activity-limits.js'

/** Activity proxies, in the groups of activity-limits.ts. */
export const sync = proxied(ACTIVITY_LIMITS.sync)
export const setupCalls = proxied(ACTIVITY_LIMITS.setupCalls)
export const evidence = proxied(ACTIVITY_LIMITS.evidence)
export const housekeeping = proxied(ACTIVITY_LIMITS.housekeeping)
export const sweepNotes = proxied(ACTIVITY_LIMITS.sweepNotes)
export const sendoutClosing = proxied(ACTIVITY_LIMITS.sendoutClosing)
export const stepWork = proxied(ACTIVITY_LIMITS.stepWork)
export const previewing = proxied(ACTIVITY_LIMITS.previewing)
export const lifecycle = proxied(ACTIVITY_LIMITS.lifecycle)
export const webhookInstalling = proxied(ACTIVITY_LIMITS.webhookInstalling)
export const stepRemoval = proxied(ACTIVITY_LIMITS.stepRemoval)
export const webhookRemoval = proxied(ACTIVITY_LIMITS.webhookRemoval)
export const webhookDisabling = proxied(ACTIVITY_LIMITS.webhookDisabling)

/** Short pre-send work. @param remainingMs until its deadline, or until its caller stops waiting. */
export function sendoutOpening(
  remainingMs: number,
): Pick<Activities, 'checkPreSend' | 'openSendout'> {
  return proxied(inTime(ACTIVITY_LIMITS.sendoutOpening, remainingMs))
}

/**
 * Sendout work.
 * @param remainingMs until its deadline.
 * @param priority of the sendout.
 */
export function sendoutPreparing(
  remainingMs: number,
  priority: Priority,
): Pick<Activities, 'fixAudience' | 'proveFreshness' | 'syncMembers' | 'settleRun'> {
  return proxied(inTime(ACTIVITY_LIMITS.sendoutPreparing, remainingMs), { priority })
}

/** Ends the tries at the deadline; after the deadline, allows one try that fails immediately. */
function inTime<Name extends ActivityName>(
  group: ActivityGroup<Name>,
  remainingMs: number,
): ActivityGroup<Name> {
  const options = { ...group.options, scheduleToCloseTimeout: Math.max(1, remainingMs) }
  return { ...group, options }
}

/**
 * The last look and the verdicts.
 * @param remainingMs until the deadline; negative after it.
 * @param priority of the sendout.
 */
export function sendoutDeciding(
  remainingMs: number,
  priority: Priority,
): Pick<Activities, 'decideMembers'> {
  const options = lastCallOptions(Math.max(0, remainingMs))
  return proxied({ ...ACTIVITY_LIMITS.sendoutDeciding, options }, { priority })
}

/**
 * The priority of a sendout's work after its connection is known. A customer has one share, whether the request names
 * the connection or the account. The urgency stays that of the workflow's start.
 */
export function sendoutPriority(connectionId: string): Priority {
  return { ...workflowInfo().priority, fairnessKey: fairnessKey(connectionId) }
}

/** Gives each activity the summary that Temporal's UI shows. */
function proxied<Name extends ActivityName>(
  { activities, options }: ActivityGroup<Name>,
  more: Pick<ActivityOptions, 'priority'> = {},
): Pick<Activities, Name> {
  return Object.fromEntries(
    activities.map((name) => {
      const summary = ACTIVITY_SUMMARIES[name]
      return [name, proxyActivities<Activities>({ ...options, ...more, summary })[name]]
    }),
  ) as unknown as Pick<Activities, Name>
}
