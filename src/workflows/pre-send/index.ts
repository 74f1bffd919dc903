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
 * Right before a sendout: force-syncs everybody it targets and drops whoever may not be mailed (rules G1–G8). Waits for
 * a start time that lies ahead, keeps to a deadline, and never includes whom it could not verify. Whoever aborts or
 * cancels it, at whatever moment, leaves nobody on a list, an earlier run's neither.
 */
export function preSend(...given: [PreSendRequest]): Promise<PreSendResult> {
  // A deadline was in time if it lay ahead when this was asked for, however late a worker takes it up.
  const schema = preSendRequest(workflowInfo().startTime.getTime())
  return entry(schema, given, (request) => run(new PreSendState(request)))
}

/** A cancel is taken as an abort: the run is closed all the same, and only then the workflow ends as cancelled. */
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

/** Time for a failure to arrive that Temporal itself makes at the deadline: it tells what was in the way. */
const GRACE_MS = 2_000

/**
 * Does something that has to be done before anything else makes sense, by the deadline.
 * @returns null where it was cut off: then the run is closed with nobody verified.
 * @throws what the request is refused with.
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

/** Nothing is begun any more: whoever is not verified by now is not. */
function hasPassed(state: PreSendState): boolean {
  if (state.remainingMs > 0) {
    return false
  }
  state.note('deadline_reached')
  return true
}

/** Does something whose failure leaves whom it concerned unverified. */
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

/** Opens the run: from this moment an earlier run's list is not readable. */
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

/** Fixes the audience, and verifies as many as the deadline allows. */
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

/** Decides on what is verified by now; an outage is waited out a little beyond the deadline. */
async function decide(
  state: PreSendState,
  { sendoutRunId, connectionId }: OpenedSendout,
): Promise<void> {
  state.to('deciding')
  setCurrentDetails('Decides each contact')
  const { decideMembers } = sendoutDeciding(state.remainingMs, sendoutPriority(connectionId))
  const reference = { sendoutRunId, connectionId, runId: sendoutRunId }
  // Its own limits end it; only whoever stops it cuts it off.
  await state.cutOff(() => decideMembers(reference).then(() => undefined), null)
}

/**
 * Writes the result: what is told is what is in the ledger. Neither stopped nor given up, since an earlier run's list would
 * stay readable; whoever was not decided upon counts as not verified.
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
  // What only the ledger knew, such as a newer run, is told wherever this run's state is read.
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
