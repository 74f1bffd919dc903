import { sleep } from '@temporalio/activity'
import type { DueCursor } from '../../../src/contracts/sync-activities.js'
import type { WorkReport } from '../../../src/contracts/work-report.js'
import { fakeLife } from './fake-life.js'
import { FakeSendouts } from './fake-sendouts.js'
import type { Activities } from './activity-types.js'

/** A report in which every count has the same value, so that sums can be distinguished. */
export function report(count = 0): WorkReport {
  return {
    requests: { emarketeer: count, crm: count },
    writes: { emarketeer: count, crm: count },
    addresses: count,
    decisions: count,
    held: count,
  }
}

/** The cursor after the address with this ledger id. */
export function placeAfter(addressId: number): DueCursor {
  return { upTo: 1, after: { addressId, dirtyTick: 1 } }
}

/** Steps of set-up in the fakes' plan; the weights add up to 100. */
export const SETUP_STEPS = [
  { id: 'connect', title: 'Connect', weight: 10 },
  { id: 'tables', title: 'Make the tables', weight: 30 },
  { id: 'webhooks', title: 'Install webhooks', weight: 10 },
  { id: 'categories', title: 'Bring the categories over', weight: 10 },
  { id: 'firstSync', title: 'Sync everybody', weight: 30 },
  { id: 'sweep', title: 'Start the sweep', weight: 10 },
]

/** Activities that succeed immediately and find nothing to do; a sendout targets nobody. */
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

/** Never returns: ends when the attempt is cancelled. Sends heartbeats, so that it learns of the cancellation. */
export async function hang(): Promise<never> {
  const { Context } = await import('@temporalio/activity')
  for (;;) {
    Context.current().heartbeat()
    await sleep(100)
  }
}
