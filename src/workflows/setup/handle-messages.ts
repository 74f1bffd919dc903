import { ApplicationFailure, setHandler } from '@temporalio/workflow'
import type { SetupIntervention, SetupOverride } from '../../contracts/setup.js'
import { judgeIntervention, judgeOverride, type Judged } from './judge-message.js'
import { keepIntervention } from './keep-decision.js'
import {
  overrideSignal,
  overrideUpdate,
  pauseSignal,
  resumeSignal,
  statusQuery,
} from './messages.js'
import type { SetupState } from './setup-state.js'
import { stepOf } from './step-board.js'

/**
 * Answers Support's messages. A signal cannot be answered, so what came of it stands in the status; the update says it
 * at once. A message that makes no sense changes nothing.
 */
export function handleMessages(state: SetupState): void {
  setHandler(statusQuery, () => state.status())
  setHandler(pauseSignal, (message) => hold(state, message))
  setHandler(resumeSignal, (message) => release(state, message))
  setHandler(overrideSignal, (message) => {
    const judged = judge(state, message)
    if ('refused' in judged) {
      state.say(`override refused: ${judged.refused.text}`)
    } else {
      accept(state, judged.accepted)
    }
  })
  setHandler(
    overrideUpdate,
    (message) => {
      const override = orThrow(judge(state, message))
      accept(state, override)
      return { accepted: true, step: override.step, action: override.action }
    },
    { validator: (message) => void orThrow(judge(state, message)) },
  )
}

function judge(state: SetupState, message: unknown): Judged<SetupOverride> {
  return judgeOverride(message, {
    board: state.board,
    held: state.heldBy !== null,
    decided: state.decision !== null,
    deciding: state.deciding,
    ended: state.result !== null,
  })
}

function accept(state: SetupState, override: SetupOverride): void {
  state.decision = override
  state.say(`override of ${override.step}: ${override.action}, by ${override.by}`)
  if (override.action === 'abort') {
    // A try that hangs is not waited for.
    state.cutOff?.()
  }
}

async function hold(state: SetupState, message: unknown): Promise<void> {
  const intervention = understood(state, 'pause', message)
  if (intervention === null) {
    return
  }
  if (state.result !== null || state.heldBy !== null) {
    state.say(`pause refused: it ${state.result === null ? 'is held back already' : 'has ended'}`)
    return
  }
  state.heldBy = { ...intervention, at: new Date().toISOString() }
  state.say(`held back by ${intervention.by}`)
  await keepIntervention(state.connectionId, 'pause', intervention)
}

async function release(state: SetupState, message: unknown): Promise<void> {
  const intervention = understood(state, 'resume', message)
  if (intervention === null) {
    return
  }
  const waiting = state.board.find(({ status }) => status.state === 'paused')?.status.id
  if (state.result !== null || (state.heldBy === null && waiting === undefined)) {
    state.say('resume refused: it is not paused')
    return
  }
  await keepIntervention(state.connectionId, 'resume', intervention)
  if (state.result !== null) {
    return
  }
  state.heldBy = null
  state.say(`resumed by ${intervention.by}`)
  // A step that waits is tried again: whoever resumes believes that it is mended.
  const stillWaits = stepOf(state.board, waiting ?? '')?.state === 'paused'
  if (waiting !== undefined && stillWaits && state.decision === null && !state.deciding) {
    state.decision = { step: waiting, action: 'retry', ...intervention }
  }
}

function understood(state: SetupState, name: string, message: unknown): SetupIntervention | null {
  const judged = judgeIntervention(message)
  if ('refused' in judged) {
    state.say(`${name} refused: ${judged.refused.text}`)
    return null
  }
  return judged.accepted
}

function orThrow<T>(judged: Judged<T>): T {
  if ('refused' in judged) {
    const { code, text } = judged.refused
    throw ApplicationFailure.nonRetryable(text, code)
  }
  return judged.accepted
}
