import { defineQuery, defineSignal, uuid4 } from '@temporalio/workflow'
import type { SetupIntervention, SetupStatus, SetupOverride } from '../../contracts/setup.js'
import { answer, takeSignal, type MessageSchema } from '../receive.js'
import { stepOf } from '../steps/board.js'
import { judgeIntervention, orThrow } from '../steps/judge-message.js'
import { takeOverrides } from '../steps/messages.js'
import type { SetupState } from './state.js'
import { evidence } from '../activity-proxies.js'

export const statusQuery = defineQuery<SetupStatus>('status')
/** Holds set-up before the next step. */
const pauseSignal = defineSignal<[SetupIntervention]>('pause')
/** Releases set-up; a waiting step is retried. */
const resumeSignal = defineSignal<[SetupIntervention]>('resume')

export function handleMessages(state: SetupState): void {
  const refuse = (text: string) => state.say(text)
  const intervention = (description: string): MessageSchema<SetupIntervention> => ({
    description: `${description} Takes {"reason", "by"}.`,
    judge: (given) => orThrow(judgeIntervention(given)),
  })
  answer(statusQuery, 'How it stands: steps, what it waits for, what can be chosen.', () =>
    state.status(),
  )
  takeSignal(
    pauseSignal,
    intervention('Holds set-up back before its next step.'),
    (message) => hold(state, message),
    refuse,
  )
  takeSignal(
    resumeSignal,
    intervention('Lets set-up go on; a step that waits is tried again.'),
    (message) => release(state, message),
    refuse,
  )
  takeOverrides(state)
}

async function hold(state: SetupState, intervention: SetupIntervention): Promise<void> {
  if (state.isOver || state.heldBy !== null) {
    state.say(`pause refused: it ${state.isOver ? 'has ended' : 'is held back already'}`)
    return
  }
  state.heldBy = { ...intervention, at: new Date().toISOString() }
  state.say(`held back by ${intervention.by}`)
  await keepIntervention(state.connectionId, 'pause', intervention)
}

async function release(state: SetupState, intervention: SetupIntervention): Promise<void> {
  const waiting = state.board.find(({ status }) => status.state === 'paused')?.status.id
  if (state.isOver || (state.heldBy === null && waiting === undefined)) {
    state.say('resume refused: it is not paused')
    return
  }
  await keepIntervention(state.connectionId, 'resume', intervention)
  if (state.isOver) {
    return
  }
  state.heldBy = null
  state.say(`resumed by ${intervention.by}`)
  // A waiting step is retried, because a person who resumes expects that the fault is fixed.
  const stillWaits = stepOf(state.board, waiting ?? '')?.state === 'paused'
  if (waiting !== undefined && stillWaits && state.decision === null && !state.deciding) {
    state.decision = { step: waiting, action: 'retry', ...intervention }
  }
}

/** Stores an override as evidence before it is carried out (E3). */
export function keepOverride(connectionId: string, override: SetupOverride): Promise<void> {
  const { step, action, reason, by, ...choice } = override
  return evidence.keepSetupDecision({
    decisionId: uuid4(),
    connectionId,
    step,
    action,
    reason,
    by,
    choice: { action, ...choice },
  })
}

/** Stores a pause or resumption by Support as evidence. */
function keepIntervention(
  connectionId: string,
  action: 'pause' | 'resume',
  { reason, by }: SetupIntervention,
): Promise<void> {
  return evidence.keepSetupDecision({
    decisionId: uuid4(),
    connectionId,
    step: null,
    action,
    reason,
    by,
    choice: null,
  })
}
