import { setHandler } from '@temporalio/workflow'
import type { SetupPreview, SetupStatus, StepPreview } from '../../contracts/setup.js'
import { brief, setupWork } from '../activity-proxies.js'
import { statusQuery } from './messages.js'
import { begun, ended, newBoard, percentOf, remainingSecondsOf, type Board } from './step-board.js'

/** Looks at every step and changes nothing (input `dryRun`). */
export async function previewSetup(connectionId: string): Promise<SetupPreview> {
  let board: Board = []
  let phase: SetupStatus['phase'] = 'running'
  setHandler(statusQuery, () => ({
    connectionId,
    phase,
    percent: percentOf(board),
    remainingSeconds: remainingSecondsOf(board),
    result: phase === 'done' ? 'done' : null,
    heldBy: null,
    steps: board.map(({ status }) => status),
    messages: [],
  }))
  const plan = await brief.planSetup({ connectionId })
  board = newBoard(plan.steps)
  const steps: StepPreview[] = []
  for (const { id: stepId } of plan.steps) {
    board = begun(board, stepId, Date.now())
    steps.push(await setupWork.previewSetupStep({ connectionId, stepId }))
    board = ended(board, stepId, 'done', null, Date.now())
  }
  phase = 'done'
  return { connectionId, crm: plan.crm, steps }
}
