import {
  condition,
  continueAsNew,
  defineSignal,
  setCurrentDetails,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow'
import { contactInboxInput, type ContactInboxInput } from '../contracts/inputs.js'
import { NOTHING } from '../contracts/judge.js'
import type { RunReference } from '../contracts/sync-activities.js'
import { sync } from './activity-proxies.js'
import { entry } from './entry.js'
import { mark } from './phase.js'
import { messageSchema, refuseOtherSignals, takeSignal, reportInDetails } from './receive.js'
import { orRefused, refusalDetails } from './failures.js'

/** Signals a new hint. It has no arguments, because the hint is in the ledger. */
export const changedSignal = defineSignal('changed')

/** The shortest wait between two looks, whatever the activity asks for. */
const LOOK_EVERY_MS = 500

/** How long it waits for more hints after the last one. A new workflow for each would cost more. */
const LINGER = '30 seconds'

/**
 * Passes on the changes that webhooks report, within seconds (rule E4). The first hint starts the workflow and is
 * handled immediately. Hints about the same record that follow within two seconds are handled together.
 */
export function contactInbox(...given: [ContactInboxInput]): Promise<void> {
  return entry(contactInboxInput, given, handleHints)
}

async function handleHints(input: ContactInboxInput): Promise<void> {
  const { connectionId, shard } = input
  let changed = true
  takeSignal(
    changedSignal,
    messageSchema('Something is in the inbox: it is read immediately. Takes nothing.', NOTHING),
    () => {
      changed = true
    },
    reportInDetails,
  )
  refuseOtherSignals(reportInDetails)
  mark({ connectionId, phase: 'running', tier: 'webhook' })
  let handled = 0
  for (;;) {
    changed = false
    const run: RunReference = { connectionId, runId: uuid4(), tier: 'webhook' }
    const drained = await orRefused(() => sync.drainInbox({ ...run, shard }))
    if ('refused' in drained) {
      // The hints stay in the inbox and count at the send gate. The first sweep after the refusal handles them.
      setCurrentDetails(refusalDetails(drained.refused))
      mark({ connectionId, phase: 'waiting' })
      return
    }
    const { nextDueMs, addresses } = drained.result
    handled += addresses
    setCurrentDetails(`${handled} contacts processed`)
    if (workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof contactInbox>(input)
    }
    const wait = nextDueMs === null ? LINGER : Math.max(nextDueMs, LOOK_EVERY_MS)
    const woken = await condition(() => changed, wait)
    if (!woken && nextDueMs === null) {
      mark({ connectionId, phase: 'done' })
      return
    }
  }
}
