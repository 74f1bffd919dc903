import { takeDirty } from '../ledger/addresses.js'
import { createMissingContacts } from './create-missing.js'
import { syncAddresses } from './sync-addresses.js'
import { MAX_BATCH, type BatchOptions } from './sync-batch.js'
import { addCounts, emptyCounts, type SyncCounts } from './sync-counts.js'
import type { SyncSession } from './session.js'

/** What a stretch of due work came to. */
export interface SyncedDue {
  readonly counts: SyncCounts
  /** Whether more is due than this stretch was allowed to do. */
  readonly more: boolean
}

/**
 * Works off what is due, in batches, oldest change first.
 * @param maxBatches how much one call may do; the rest is left for the next.
 */
export async function syncDue(
  session: SyncSession,
  options: BatchOptions & { readonly maxBatches: number },
): Promise<SyncedDue> {
  const { db, connection } = session
  let counts = emptyCounts()
  const tried = new Set<number>()
  for (let batch = 0; batch < options.maxBatches; batch += 1) {
    const due = await takeDirty(db, connection.connectionId, MAX_BATCH + tried.size)
    const ids = due
      .map((d) => d.addressId)
      .filter((id) => !tried.has(id))
      .slice(0, MAX_BATCH)
    if (ids.length === 0) {
      return { counts, more: false }
    }
    await createMissingContacts(session, ids)
    const part = await syncAddresses(session, ids, options)
    counts = addCounts(counts, part.counts)
    // Once per stretch: what could not be settled, or waits for the end of the run, is not tried in a circle.
    await rememberTried(session, ids, tried)
    session.heartbeat({ done: counts.addresses, total: null })
  }
  return { counts, more: true }
}

async function rememberTried(
  session: SyncSession,
  ids: readonly number[],
  tried: Set<number>,
): Promise<void> {
  const still = await takeDirty(session.db, session.connection.connectionId, ids.length, ids)
  still.forEach((d) => tried.add(d.addressId))
}
