import { CancellationScope } from '@temporalio/workflow'
import type { SweepNote } from '../contracts/sweep.js'
import { sweepNotes } from './activity-proxies.js'

/**
 * Tells the ledger what a sweep came to, a cancelled one too. Told in vain, nothing is lost: that no sweep was done for
 * long shows by itself.
 */
export async function noteSweep(
  note: Pick<SweepNote, 'connectionId' | 'outcome'> & Partial<SweepNote>,
): Promise<void> {
  try {
    await CancellationScope.nonCancellable(() =>
      sweepNotes.noteSweep({ code: null, message: null, untidy: [], ...note }),
    )
  } catch {
    // Its tries are spent.
  }
}
