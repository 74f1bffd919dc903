import {
  allHandlersFinished,
  condition,
  uuid4,
  ActivityFailure,
  ApplicationFailure,
  TimeoutFailure,
  CancellationScope,
  isCancellation,
  patched,
} from '@temporalio/workflow'
import { setupInput, type SetupStart } from '../../contracts/inputs.js'
import type { SetupPreview, SetupStatus, StepPreview } from '../../contracts/setup.js'
import { setupCalls, previewing, stepWork } from '../activity-proxies.js'
import { entry } from '../entry.js'
import { reportingFailure, mark } from '../phase.js'
import {
  newBoard,
  begun,
  ended,
  percentOf,
  remainingSecondsOf,
  type Board,
  isSkippable,
} from '../steps/board.js'
import { takeSteps, untilReleased } from '../steps/runner.js'
import { carriedIn } from '../steps/state.js'
import { handleMessages, statusQuery, keepOverride } from './messages.js'
import { recheckAfterMs } from './recheck.js'
import { SetupState, type CarriedSetup } from './state.js'
import { commonPause } from '../../domain/transitions.js'
import { LOOK_SECONDS } from '../activity-limits.js'
import { answer, refuseOtherSignals, reportInDetails } from '../receive.js'
import type { StepOutcome } from '../../contracts/setup-activities.js'
import type { RunReference } from '../../contracts/sync-activities.js'
import { notices } from '../housekeeping.js'
import { pauseFor, problemOf } from '../steps/pause.js'
import { syncUntilQuiet, drainAll } from '../sync-until-quiet.js'

/**
 * Sets up a connection's CRM (rules E1–E3) in about ten minutes; pauses when a person has to decide. Safe to run again.
 * @returns the final status, or, with `dryRun`, the changes that it would make.
 * @throws ApplicationFailure for an invalid input: `value_missing`, `value_invalid`, `unknown_key`,
 * `connection_not_found`, `crm_not_supported`.
 */
export function connectionSetup(...given: [SetupStart]): Promise<SetupStatus | SetupPreview> {
  return entry(setupInput, given, run)
}

/** {@link connectionSetup} for Dynamics only. @throws ApplicationFailure `setup_of_another_crm`. */
export function dynamicsSetup(...given: [SetupStart]): Promise<SetupStatus | SetupPreview> {
  return entry(setupInput, given, run)
}

/** {@link connectionSetup} for SuperOffice only. @throws ApplicationFailure `setup_of_another_crm`. */
export function superOfficeSetup(...given: [SetupStart]): Promise<SetupStatus | SetupPreview> {
  return entry(setupInput, given, run)
}

async function run(input: SetupStart): Promise<SetupStatus | SetupPreview> {
  const { connectionId, dryRun } = input
  const carried = carriedIn(input, 'set-up') as CarriedSetup | undefined
  if (dryRun) {
    return previewSetup(connectionId)
  }
  const state = new SetupState(connectionId, carried?.runId ?? uuid4(), carried)
  handleMessages(state)
  await reportingFailure(
    () => state.fail(),
    () => setUp(state),
  )
  await condition(allHandlersFinished)
  return state.status()
}

/** Never fails permanently (E2). The steps are data of the CRM's folder; this code does not know any CRM. */
async function setUp(state: SetupState): Promise<void> {
  const { connectionId } = state
  if (state.board.length === 0) {
    const plan = await setupCalls.planSetup({ connectionId })
    state.crm = plan.crm
    state.toBoard(newBoard(plan.steps))
  }
  state.begin(state.crm, 'setup')
  await takeSteps(state, {
    attempt: (step) => attemptStep(state, step),
    keep: (decision) => keepOverride(connectionId, decision),
    recheckAfterMs,
    nextInput: (): SetupStart => ({ connectionId, carried: state.carry() }),
  })
}

/**
 * Checks every step and changes nothing (input `dryRun`).
 * @throws ApplicationFailure `crm_unreachable` and other errors that prevent a check, within a minute.
 */
export async function previewSetup(connectionId: string): Promise<SetupPreview> {
  let board: Board = []
  let phase: SetupStatus['phase'] = 'running'
  refuseOtherSignals(reportInDetails)
  answer(statusQuery, 'Which steps were looked at.', (): SetupStatus => ({
    connectionId,
    phase,
    percent: percentOf(board),
    remainingSeconds: remainingSecondsOf(board),
    result: phase === 'done' ? 'done' : null,
    heldBy: null,
    steps: board.map(({ status }) => status),
    messages: [],
  }))
  mark({ connectionId, phase, tier: 'setup' })
  const plan = await previewing.planSetup({ connectionId })
  board = newBoard(plan.steps)
  const steps: StepPreview[] = []
  for (const { id, title } of plan.steps) {
    const closed = steps.find(
      ({ pause }) => pause !== null && commonPause(pause.code)?.closesPreview,
    )
    board = begun(board, id, Date.now())
    const seen = closed ? notLookedAt(id, title, closed) : await look(connectionId, id, title)
    steps.push(seen)
    board = ended(board, id, closed ? 'skipped' : 'done', null, Date.now())
  }
  phase = 'done'
  mark({ connectionId, crm: plan.crm, phase })
  return { connectionId, crm: plan.crm, steps }
}

async function look(connectionId: string, stepId: string, title: string): Promise<StepPreview> {
  try {
    return await previewing.previewSetupStep({ connectionId, stepId })
  } catch (error) {
    if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure) {
      const message = `"${title}" had no answer within ${LOOK_SECONDS} s.`
      throw ApplicationFailure.nonRetryable(message, 'crm_unreachable')
    }
    throw error
  }
}

function notLookedAt(id: string, title: string, closed: StepPreview): StepPreview {
  const note = `not looked at, because of ${closed.pause?.code} at the step ${closed.id}`
  return { id, title, state: 'skipped', changes: [], pause: null, note }
}

const DONE: StepOutcome = { state: 'done', note: null }

/** One try of a step. An external failure becomes a pause. @returns null: Support's abort cut it off. */
export async function attemptStep(state: SetupState, step: string): Promise<StepOutcome | null> {
  const scope = new CancellationScope()
  state.cutOff = () => scope.cancel()
  try {
    return await scope.run(() => runStep(state, step))
  } catch (error) {
    if (isCancellation(error) && state.isAborted) {
      return null
    }
    const problem = problemOf(error, 'The step did not answer in time.')
    return { state: 'paused', pause: pauseFor(problem, isSkippable(state.board, step)) }
  } finally {
    state.cutOff = null
  }
}

/**
 * Runs one step. The last two are the same for every CRM and run the sync itself. The others are the CRM's data, and
 * one activity runs them.
 */
function runStep(state: SetupState, stepId: string): Promise<StepOutcome> {
  const { connectionId, runId, choice } = state
  const run: RunReference = { connectionId, runId, tier: 'setup' }
  switch (stepId) {
    case 'firstSync':
      return firstSync(run, state)
    case 'sweep':
      return startSweep(run)
    default:
      return stepWork.runSetupStep({ connectionId, stepId, choice })
  }
}

/**
 * The first sync over everybody, with progress. After a kill or a pause it continues with the addresses that are still
 * due.
 */
async function firstSync(run: RunReference, state: SetupState): Promise<StepOutcome> {
  await stepWork.catchUpBoth(run)
  const total = await setupCalls.countDue({ connectionId: run.connectionId })
  const totals = await syncUntilQuiet(
    run,
    'copy',
    ({ addresses }) => state.toShare(total === 0 ? 1 : addresses / total),
    {
      work: stepWork,
      pausePoint: () => untilReleased(state),
      isOver: () => state.isAborted,
    },
  )
  if (!state.isAborted && patched('readsItsOwnWrites')) {
    // Else the first sendout would read every row that the first sync wrote.
    await stepWork.catchUpBoth(run)
  }
  const held = totals.held === 0 ? '' : `; ${totals.held} wait for approval (lbsync held)`
  const noticed = (await notices(run.connectionId)).map((sentence) => ` ${sentence}`).join('')
  return { state: 'done', note: `${totals.addresses} contacts processed${held}.${noticed}` }
}

async function startSweep(run: RunReference): Promise<StepOutcome> {
  const { connectionId } = run
  await setupCalls.activateConnection({ connectionId })
  await drainAll(run)
  await setupCalls.startSweep({ connectionId })
  return DONE
}
