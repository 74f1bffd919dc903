import { randomUUID } from 'node:crypto'
import { acquireLeases, releaseLeases, renewLeases } from '../../ledger/address/leases.js'
import type { BatchOptions } from './batch-options.js'
import { BatchPass } from './batch-pass.js'
import { emptyCounts, type SyncCounts } from './sync-counts.js'
import type { SyncSession } from '../../connection/session.js'

/** What became of a batch. */
export interface BatchResult {
  readonly counts: SyncCounts
  /** To be read directly and decided again, at once. */
  readonly again: readonly number[]
  /** Held by another pass right now. */
  readonly busy: readonly number[]
}

/** At most this many addresses in one batch. */
export const MAX_BATCH = 1_000

/** A third of a lease's life, so that one late renewal loses nothing. */
const RENEW_EVERY_MS = 30_000

/**
 * The one sync: reads both sides of these addresses, decides each cell by the rule, stores the decisions, writes,
 * acknowledges (docs/sync.md). Every trigger comes here; nothing else writes a basis, a toggle or a subscription.
 *
 * @throws UpstreamError when a call failed as a whole, after everything that did happen was stored; the addresses
 *   concerned stay due.
 */
export async function syncBatch(
  session: SyncSession,
  addressIds: readonly number[],
  options: BatchOptions,
): Promise<BatchResult> {
  const owner = randomUUID()
  const leases = await acquireLeases(session.db, owner, addressIds)
  const leased = leases.map((lease) => lease.addressId)
  const taken = new Set(leased)
  const busy = addressIds.filter((id) => !taken.has(id))
  if (leased.length === 0) {
    return { counts: emptyCounts(), again: [], busy }
  }
  // Kept alive while we are: a renewal that fails is noticed by the next transaction that confirms the leases.
  const renewal = setInterval(() => {
    void renewLeases(session.db, owner, leased).catch(() => undefined)
  }, RENEW_EVERY_MS)
  try {
    const { counts, again } = await new BatchPass(session, owner, leases, options).run(leased)
    return { counts, again, busy }
  } finally {
    clearInterval(renewal)
    await releaseLeases(session.db, owner, leases)
  }
}
