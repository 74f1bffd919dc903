import type { ActivityOptions, Priority } from '@temporalio/common'
import { proxyActivities, workflowInfo } from '@temporalio/workflow'
import { fairnessKey } from '../contracts/names.js'
import {
  ACTIVITY_LIMITS,
  ACTIVITY_SUMMARIES,
  lastWorkOptions,
  type Activities,
  type ActivityGroup,
  type ActivityName,
} from './activity-limits.js'

/** Activities as workflows call them, in the groups of activity-limits.ts, which say how each is tried. */
export const sync = proxied(ACTIVITY_LIMITS.sync)
export const brief = proxied(ACTIVITY_LIMITS.brief)
export const evidence = proxied(ACTIVITY_LIMITS.evidence)
export const housekeeping = proxied(ACTIVITY_LIMITS.housekeeping)
export const telling = proxied(ACTIVITY_LIMITS.telling)
export const closingWork = proxied(ACTIVITY_LIMITS.closingWork)
export const setupWork = proxied(ACTIVITY_LIMITS.setupWork)
export const looking = proxied(ACTIVITY_LIMITS.looking)
export const life = proxied(ACTIVITY_LIMITS.life)
export const installing = proxied(ACTIVITY_LIMITS.installing)
export const removal = proxied(ACTIVITY_LIMITS.removal)
export const shortRemoval = proxied(ACTIVITY_LIMITS.shortRemoval)
export const briefRemoval = proxied(ACTIVITY_LIMITS.briefRemoval)

/** Short work of a pre-send. @param remainingMs until its deadline, or until whoever asks waits no longer. */
export function preSendBrief(
  remainingMs: number,
): Pick<Activities, 'checkPreSend' | 'openSendout'> {
  return proxied(inTime(ACTIVITY_LIMITS.preSendBrief, remainingMs))
}

/**
 * Work of a sendout.
 * @param remainingMs until its deadline.
 * @param priority of the sendout.
 */
export function preSendWork(
  remainingMs: number,
  priority: Priority,
): Pick<Activities, 'fixAudience' | 'proveFreshness' | 'syncMembers' | 'settleRun'> {
  return proxied(inTime(ACTIVITY_LIMITS.preSendWork, remainingMs), { priority })
}

/** Not tried beyond a deadline; where that has passed, once and in vain. */
function inTime<Name extends ActivityName>(
  group: ActivityGroup<Name>,
  remainingMs: number,
): ActivityGroup<Name> {
  const options = { ...group.options, scheduleToCloseTimeout: Math.max(1, remainingMs) }
  return { ...group, options }
}

/**
 * The last look and the verdicts.
 * @param remainingMs until the deadline; below zero where it has passed.
 * @param priority of the sendout.
 */
export function lastWork(
  remainingMs: number,
  priority: Priority,
): Pick<Activities, 'decideMembers'> {
  const options = lastWorkOptions(Math.max(0, remainingMs))
  return proxied({ ...ACTIVITY_LIMITS.lastWork, options }, { priority })
}

/**
 * Priority of what a sendout does once it is known whose it is: a customer has one share, whether a sendout was asked for
 * by the connection or by the account. How urgent it is, is what it was started with.
 */
export function sendoutPriority(connectionId: string): Priority {
  return { ...workflowInfo().priority, fairnessKey: fairnessKey(connectionId) }
}

/** Each activity with the words that Temporal's UI shows beside it. */
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
