import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow'
import type { SetupPreview, SetupStatus, StepPreview } from '../../contracts/setup.js'
import { commonPause } from '../../domain/transitions.js'
import { LOOK_SECONDS } from '../activity-limits.js'
import { previewing } from '../activity-proxies.js'
import { mark } from '../phase.js'
import { answer, refuseOtherSignals, reportInDetails } from '../receive.js'
import { statusQuery } from './messages.js'
import {
  begun,
  ended,
  newBoard,
  percentOf,
  remainingSecondsOf,
  type Board,
} from '../steps/board.js'

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
