import { sleep } from '@temporalio/activity'
import type { DueCursor } from '../../../src/contracts/sync-activities.js'
import type { WorkReport } from '../../../src/contracts/work-report.js'
import { fakeLife } from './fake-life.js'
import { FakeSendouts } from './fake-sendouts.js'
import type { Activities } from './activity-types.js'

/** A report in which every count is the same, so that sums can be told from one another. */
export function report(count = 0): WorkReport {
  return {
    requests: { emarketeer: count, crm: count },
    writes: { emarketeer: count, crm: count },
    addresses: count,
    decisions: count,
    held: count,
  }
}

/** Where a stretch of due work goes on, after the address of this ledger id. */
export function placeAfter(addressId: number): DueCursor {
  return { upTo: 1, after: { addressId, dirtyTick: 1 } }
}

/** Steps of set-up as the fakes plan them; the weights make 100. */
export const SETUP_STEPS = [
  { id: 'connect', title: 'Connect', weight: 10 },
  { id: 'tables', title: 'Make the tables', weight: 30 },
  { id: 'webhooks', title: 'Install webhooks', weight: 10 },
  { id: 'categories', title: 'Bring the categories over', weight: 10 },
  { id: 'firstSync', title: 'Sync everybody', weight: 30 },
  { id: 'sweep', title: 'Start the sweep', weight: 10 },
]

/** Activities that succeed at once and find nothing to do; a sendout targets nobody. */
export function defaultActivities(): Activities {
  return {
    planSetup: async ({ connectionId }) => ({ connectionId, crm: 'dynamics', steps: SETUP_STEPS }),
    runSetupStep: async () => ({ state: 'done', note: null }),
    previewSetupStep: async ({ stepId }) => ({
      id: stepId,
      title: stepId,
      state: 'nothing',
      changes: [],
      pause: null,
      note: null,
    }),
    keepSetupDecision: async () => {},
    countDue: async () => 0,
    startSweep: async () => {},
    activateConnection: async () => {},
    syncCategories: async () => report(),
    catchUpBoth: async () => report(),
    syncDue: async () => ({ ...report(), next: null }),
    settleRun: async () => report(),
    drainInbox: async () => ({ ...report(), nextDueMs: null }),
    markForResync: async () => {},
    rehearse: async () => ({ ...report(), next: null }),
    tellNotices: async () => [],
    tidyUp: async () => ({ untidy: [] }),
    noteSweep: async () => {},
    ...fakeLife(),
    ...new FakeSendouts({ targeted: 0 }).activities(),
  }
}

/** Never returns by itself: ends when the attempt is cancelled. Beats, so that the cancellation is heard of. */
export async function hang(): Promise<never> {
  const { Context } = await import('@temporalio/activity')
  for (;;) {
    Context.current().heartbeat()
    await sleep(100)
  }
}
