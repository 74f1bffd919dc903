import {
  allHandlersFinished,
  CancellationScope,
  condition,
  setCurrentDetails,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow'
import { preSendRequest } from '../../contracts/pre-send-request.js'
import type { PreSendRequest, PreSendResult } from '../../contracts/pre-send.js'
import type { OpenedSendout } from '../../contracts/sync-activities.js'
import type { Activities } from '../activity-limits.js'
import {
  sendoutClosing,
  sendoutDeciding,
  sendoutOpening,
  sendoutPriority,
} from '../activity-proxies.js'
import { codesOf, entry, isByDeadline } from '../entry.js'
import { mark } from '../phase.js'
import { PreSendState } from './state.js'
import { prepareSendout } from './prepare-sendout.js'

/**
 * Runs immediately before a sendout: force-syncs everybody it targets and excludes those who may not be mailed (rules
 * G1–G8). Waits for a start time in the future, keeps to a deadline, and never includes a contact that it could not
 * verify. After an abort or a cancellation, at any moment, nobody is on a list, not even on an earlier run's.
 */
export function preSend(...given: [PreSendRequest]): Promise<PreSendResult> {
  // A deadline is valid if it was in the future when the pre-send was requested, however late a worker starts it.
  const schema = preSendRequest(workflowInfo().startTime.getTime())
  return entry(schema, given, (request) => run(new PreSendState(request)))
}

/** A cancellation counts as an abort: the run is closed first, then the workflow ends as cancelled. */
async function run(state: PreSendState): Promise<PreSendResult> {
  let cancelled: unknown = null
  CancellationScope.current().cancelRequested.catch((error: unknown) => {
    state.stop('work_cancelled')
    cancelled = error
  })
  return CancellationScope.nonCancellable(async () => {
    try {
      const result = await checkAndDecide(state)
      if (state.stopped === 'work_cancelled') {
        throw cancelled
      }
      return result
    } catch (error) {
      throw state.stopped === 'work_cancelled' ? cancelled : error
    } finally {
      state.over = true
      await condition(allHandlersFinished)
    }
  })
}

async function checkAndDecide(state: PreSendState): Promise<PreSendResult> {
  const sendoutRunId = uuid4()
  await inTime(state, () => check(state))
  await state.untilStart()
  state.begin()
  const opened = await inTime(state, () => open(state, sendoutRunId))
  if (opened !== null) {
    if (!hasPassed(state)) {
      await tried(state, () => prepare(state, opened))
    }
    await tried(state, () => decide(state, opened))
  }
  return close(state, sendoutRunId, opened)
}

/** Time for Temporal's own failure, which names the cause, to arrive after the deadline. */
const GRACE_MS = 2_000

/**
 * Does work that is required for everything after it, by the deadline.
 * @returns null if it was cut off: the run is then closed with nobody verified.
 * @throws the failure that refuses the request.
 */
async function inTime<T>(state: PreSendState, work: () => Promise<T>): Promise<T | null> {
  while (state.stopped === null && state.problems.length === 0 && !hasPassed(state)) {
    const { deadlineMs } = state
    try {
      return await state.cutOff(work, () => state.deadlineMs + GRACE_MS)
    } catch (error) {
      if (state.stopped === null && state.deadlineMs === deadlineMs) {
        if (!isByDeadline(error) && state.remainingMs > 0) {
          throw error
        }
        noteWhy(state, error)
      }
    }
  }
  return null
}

/** Whether the deadline has passed: nothing more is started, and contacts that are not verified stay so. */
function hasPassed(state: PreSendState): boolean {
  if (state.remainingMs > 0) {
    return false
  }
  state.note('deadline_reached')
  return true
}

/** Does work whose failure leaves its contacts unverified. */
async function tried(state: PreSendState, work: () => Promise<void>): Promise<void> {
  if (state.stopped !== null) {
    return
  }
  try {
    await work()
  } catch (error) {
    noteWhy(state, error)
  }
}

function noteWhy(state: PreSendState, error: unknown): void {
  if (state.stopped === null) {
    state.note(...codesOf(error, state.remainingMs === 0))
  }
}

async function check(state: PreSendState): Promise<void> {
  const { request } = state
  const found = await sendoutOpening(state.remainingMs).checkPreSend({ request })
  state.asked = { connectionId: found.connectionId, accountId: found.accountId }
  mark({ connectionId: found.connectionId, crm: found.crm, phase: 'waiting', tier: 'preSend' })
}

/** Opens the run. After this an earlier run's list is not readable. */
async function open(
  state: PreSendState,
  sendoutRunId: string,
  work: Pick<Activities, 'openSendout'> = sendoutOpening(state.remainingMs),
): Promise<OpenedSendout> {
  const { request, deadlineMs } = state
  const accountId = state.asked?.accountId ?? null
  const opened = await work.openSendout({ request, accountId, sendoutRunId, deadlineMs })
  mark({ connectionId: opened.connectionId, phase: 'running' })
  return opened
}

/** Fixes the audience, and verifies as many contacts as the deadline allows. */
async function prepare(state: PreSendState, { sendoutRunId, ...of }: OpenedSendout): Promise<void> {
  const { connectionId, crm } = of
  const { request, deadlineMs } = state
  const work = () =>
    prepareSendout({ request, sendoutRunId, connectionId, crm, deadlineMs }, (prepared) => {
      state.prepared = prepared
      if (state.isPreparing) {
        state.to('syncing')
        setCurrentDetails(`${prepared.synced} of ${prepared.targeted} contacts synced`)
      }
    })
  const problems = await state.cutOff(work, () => deadlineMs + GRACE_MS)
  state.note(...problems)
}

/** Decides on the contacts that are verified by now. Retries through an outage for a short time after the deadline. */
async function decide(
  state: PreSendState,
  { sendoutRunId, connectionId }: OpenedSendout,
): Promise<void> {
  state.to('deciding')
  setCurrentDetails('Decides each contact')
  const { decideMembers } = sendoutDeciding(state.remainingMs, sendoutPriority(connectionId))
  const reference = { sendoutRunId, connectionId, runId: sendoutRunId }
  // Ends by its own limits, or when it is stopped.
  await state.cutOff(() => decideMembers(reference).then(() => undefined), null)
}

/**
 * Stores the result according to the ledger. It is never stopped or given up, because an earlier run's list would stay
 * readable. Contacts without a decision count as not verified.
 */
async function close(
  state: PreSendState,
  sendoutRunId: string,
  opened: OpenedSendout | null,
): Promise<PreSendResult> {
  state.closing = true
  if (opened === null) {
    await open(state, sendoutRunId, sendoutClosing)
  }
  state.to('deciding')
  const result = await sendoutClosing.closeSendout({
    sendoutRunId,
    proof: state.prepared.proof,
    onUnverified: state.request.onUnverified ?? 'exclude',
    aborted: state.stopped !== null,
    problems: state.problems,
  })
  state.result = result
  // Problems that only the ledger knew, such as a newer run, also show in this run's status.
  state.note(...result.problems)
  state.to(result.outcome === 'aborted' ? 'aborted' : 'done')
  setCurrentDetails(detailsOf(result, state.problems))
  mark({ phase: 'done' })
  return result
}

function detailsOf(
  { eligible, targeted, outcome }: PreSendResult,
  problems: readonly string[],
): string {
  const why = problems.length === 0 ? '' : `\n\nWhat went wrong: ${problems.join(', ')}`
  return `${eligible} of ${targeted} eligible, ${outcome}${why}`
}
