import { setCurrentDetails } from '@temporalio/workflow'
import { forceSyncInput, type ForceSyncInput } from '../../contracts/inputs.js'
import { sendoutPreparing, sendoutPriority } from '../activity-proxies.js'
import { codesOf, entry, isByDeadline } from '../entry.js'
import { mark } from '../phase.js'
import { refuseOtherSignals, reportInDetails } from '../receive.js'
import { addWork, NO_WORK, type WorkReport } from '../../contracts/work-report.js'

export interface ForceSyncResult extends WorkReport {
  /** Codes of the problems that cut the work off at the deadline. Absent: everybody was synced. */
  readonly problems?: readonly string[]
}

/** Activities of one shard that run in parallel. */
const LANES = 4

/** Limit of a shard that was started by hand without a deadline. */
const DEADLINE_MS = 30 * 60_000

/**
 * Contacts per activity if everybody may have something to sync. Each contact that is read directly costs calls, so a retry
 * should repeat fewer of them.
 */
const MEMBERS_PER_ACTIVITY = { delta: 5_000, direct: 1_000, emarketeerOnly: 1_000 } as const
/** Contacts with something to sync per activity: one full pass. */
const OPEN_PER_ACTIVITY = 1_000

/**
 * Force-syncs a shard of a sendout's contacts (rules E6, G2): parallel activities over ranges of positions, so that
 * neither the history nor a payload grows with the number of people. If nobody has anything to sync, there is none.
 */
export function forceSync(...given: [ForceSyncInput]): Promise<ForceSyncResult> {
  return entry(forceSyncInput, given, syncShard)
}

async function syncShard(input: ForceSyncInput): Promise<ForceSyncResult> {
  refuseOtherSignals(reportInDetails)
  const { crm, deadlineMs = Date.now() + DEADLINE_MS, open, ...members } = input
  const problems = new Set<string>()
  mark({ connectionId: input.connectionId, crm, phase: 'running', tier: 'preSend' })
  const size = sizeOf(input)
  let totals = NO_WORK
  let next = open === 0 ? input.to : input.from
  const lane = async () => {
    while (next < input.to) {
      const from = next
      next += size
      const to = Math.min(from + size, input.to)
      const { syncMembers } = sendoutPreparing(
        deadlineMs - Date.now(),
        sendoutPriority(input.connectionId),
      )
      try {
        const report = await syncMembers({ ...members, from, to })
        totals = addWork(totals, report)
        setCurrentDetails(`Contacts up to position ${to} synced`)
      } catch (error) {
        // Others may still be synced in time. A failure that no retry can correct ends all of them.
        if (!isByDeadline(error)) {
          throw error
        }
        codesOf(error, true).forEach((code) => problems.add(code))
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  mark({ connectionId: input.connectionId, phase: 'done' })
  return problems.size === 0 ? totals : { ...totals, problems: [...problems] }
}

/** Positions per activity. */
function sizeOf({ proof, from, to, open }: ForceSyncInput): number {
  if (open === undefined) {
    return MEMBERS_PER_ACTIVITY[proof]
  }
  const activities = Math.ceil(Math.min(open, to - from) / OPEN_PER_ACTIVITY)
  return Math.ceil((to - from) / Math.max(1, activities))
}
