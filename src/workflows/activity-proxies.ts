import { proxyActivities } from '@temporalio/workflow'
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
export const preSendBrief = proxied(ACTIVITY_LIMITS.preSendBrief)
export const preSendWork = proxied(ACTIVITY_LIMITS.preSendWork)
export const setupWork = proxied(ACTIVITY_LIMITS.setupWork)
export const looking = proxied(ACTIVITY_LIMITS.looking)
export const life = proxied(ACTIVITY_LIMITS.life)
export const removal = proxied(ACTIVITY_LIMITS.removal)
export const shortRemoval = proxied(ACTIVITY_LIMITS.shortRemoval)
export const briefRemoval = proxied(ACTIVITY_LIMITS.briefRemoval)

/** The last look and the verdicts. @param remainingMs until the deadline; below zero where it has passed. */
export function lastWork(remainingMs: number): Pick<Activities, 'decideMembers'> {
  const options = lastWorkOptions(Math.max(0, remainingMs))
  return proxied({ ...ACTIVITY_LIMITS.lastWork, options })
}

/** Each activity with the words that Temporal's UI shows beside it. */
function proxied<Name extends ActivityName>({
  activities,
  options,
}: ActivityGroup<Name>): Pick<Activities, Name> {
  return Object.fromEntries(
    activities.map((name) => {
      const summary = ACTIVITY_SUMMARIES[name]
      return [name, proxyActivities<Activities>({ ...options, summary })[name]]
    }),
  ) as unknown as Pick<Activities, Name>
}
