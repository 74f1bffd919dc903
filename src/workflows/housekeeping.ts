import { CancellationScope, isCancellation } from '@temporalio/workflow'
import type { SweepNote } from '../contracts/sweep.js'
import { sweepNotes, housekeeping } from './activity-proxies.js'

/**
 * Stores a sweep's result in the ledger, also a cancelled one's. If that fails, nothing is lost: the age of the last
 * sweep shows it.
 */
export async function noteSweep(
  note: Pick<SweepNote, 'connectionId' | 'outcome'> & Partial<SweepNote>,
): Promise<void> {
  try {
    await CancellationScope.nonCancellable(() =>
      sweepNotes.noteSweep({ code: null, message: null, untidy: [], ...note }),
    )
  } catch {
    // The tries are spent.
  }
}

/** Sentences on the data in the CRM that we do not change (C2, D3). Empty if it cannot be read now. */
export async function notices(connectionId: string): Promise<readonly string[]> {
  try {
    return await housekeeping.tellNotices({ connectionId })
  } catch (error) {
    if (isCancellation(error)) {
      throw error
    }
    return []
  }
}
