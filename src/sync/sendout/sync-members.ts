import { AppError } from '../../contracts/app-error.js'
import { memberAddresses } from '../../ledger/sendout-members.js'
import type { SendoutRun } from '../../ledger/sendouts.js'
import { readUnreadStates } from '../read-unread.js'
import { catchUpEmarketeer } from '../catch-up-emarketeer.js'
import { syncAddresses } from '../sync-addresses.js'
import { emptyCounts, type SyncCounts } from '../sync-counts.js'
import type { SyncSession } from '../session.js'
import type { FreshnessProof } from './prove-freshness.js'

/** A range of a sendout's members: from a position (inclusive) to another (exclusive). */
export interface MemberRange {
  readonly from: number
  readonly to: number
}

/**
 * Force-syncs a range of targeted contacts (rules E6, G2). Where a delta has proven everybody, only those with
 * something to do are passed over; else each is read directly. Opt-outs are written at once, loosening ones wait for
 * the end of the run (F4).
 */
export async function syncMembers(
  session: SyncSession,
  run: SendoutRun,
  range: MemberRange,
  proof: FreshnessProof,
): Promise<SyncCounts> {
  const onlyOpen = proof !== 'direct'
  const ids = await memberAddresses(session.db, run.sendoutRunId, range.from, range.to, onlyOpen)
  if (proof === 'emarketeerOnly') {
    await readUnreadStates(session, ids)
    await catchUpEmarketeer(session)
    return emptyCounts()
  }
  const { counts, leftOver } = await syncAddresses(session, ids, {
    reading: 'direct',
    loosening: 'stage',
  })
  if (leftOver.length > 0) {
    throw new AppError(
      'lease_lost',
      'Other passes held some contacts for long; they are tried again.',
    )
  }
  return counts
}
