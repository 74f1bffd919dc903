import { CancellationScope } from '@temporalio/workflow'
import type { SweepNote } from '../contracts/sweep.js'
import { sweepNotes } from './activity-proxies.js'

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
