import { AppError } from '../../contracts/app-error.js'
import { chunksOf } from '../../domain/lists.js'
import { memberAddresses, openMemberAddresses } from '../../ledger/sendout/open-members.js'
import type { SendoutRun } from '../../ledger/sendout/sendouts.js'
import { catchUpEmarketeer } from '../mirror/catch-up-emarketeer.js'
import { freshen } from '../mirror/catch-up-both.js'
import { readUnreadStates } from '../mirror/read-unread.js'
import { syncAddresses } from '../run/sync-addresses.js'
import { MAX_BATCH } from '../pass/batch-pass.js'
import { emptyCounts, type SyncCounts } from '../pass/batch.js'
import type { SyncSession } from '../../connection/session.js'
import type { FreshnessProof } from '../../contracts/sync-activities.js'

/** Positions of a sendout's members: `from` inclusive, `to` exclusive. */
export interface MemberRange {
  readonly from: number
  readonly to: number
}

/**
 * Force-syncs a range of targeted contacts (rules E6, G2). Without a delta as proof each contact is read directly. Only
 * contacts with something to do are synced: if a reading equals the copy, there is nothing to decide. Opt-outs are
 * written immediately; loosening waits for the end of the run (F4).
 */
export async function syncMembers(
  session: SyncSession,
  run: SendoutRun,
  range: MemberRange,
  proof: FreshnessProof,
): Promise<SyncCounts> {
  const open = () => openMemberAddresses(session.db, run, range)
  if (proof === 'emarketeerOnly') {
    await readUnreadStates(session, await open())
    await catchUpEmarketeer(session)
    return emptyCounts()
  }
  if (proof === 'direct') {
    await readDirectly(session, await memberAddresses(session.db, run.sendoutRunId, range, 'all'))
  }
  const { counts, leftOver } = await syncAddresses(session, await open(), {
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

/**
 * Reads both sides of all addresses into the copy and marks changes as due. Like a delta it needs no leases, because
 * ticks order the readings.
 */
async function readDirectly(session: SyncSession, addressIds: readonly number[]): Promise<void> {
  let done = 0
  for (const part of chunksOf(addressIds, MAX_BATCH)) {
    await freshen(session, part)
    done += part.length
    session.heartbeat({ done, total: addressIds.length })
  }
}
