import type { SetupIntervention, SetupOverride } from '../../contracts/setup.js'
import {
  answer,
  refuseOtherSignals,
  takeSignal,
  takeUpdate,
  type MessageSchema,
} from '../receive.js'
import {
  judgeIntervention,
  judgeOverride,
  orThrow,
  type Situation,
} from '../steps/judge-message.js'
import { keepIntervention } from './keep-decision.js'
import {
  OVERRIDE,
  overrideSignal,
  overrideUpdate,
  pauseSignal,
  resumeSignal,
  statusQuery,
} from '../steps/messages.js'
import type { SetupState } from './state.js'
import { stepOf } from '../steps/board.js'

/**
 * Answers Support's messages. A signal cannot be answered, so what came of it stands in the status; the update says it
 * at once. A message that makes no sense changes nothing.
 */
export function handleMessages(state: SetupState): void {
  const refuse = (text: string) => state.say(text)
  const intervention = (description: string): MessageSchema<SetupIntervention> => ({
    description: `${description} Takes {"reason", "by"}.`,
    judge: (given) => orThrow(judgeIntervention(given)),
  })
  const override: MessageSchema<SetupOverride> = {
    description: OVERRIDE,
    judge: (given) => orThrow(judgeOverride(given, situationOf(state))),
  }
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
  takeSignal(overrideSignal, override, (message) => accept(state, message), refuse)
  takeUpdate(overrideUpdate, override, (message) => {
    accept(state, message)
    return { accepted: true, step: message.step, action: message.action }
  })
  refuseOtherSignals(refuse)
}

function situationOf(state: SetupState): Situation {
  return {
    board: state.board,
    held: state.heldBy !== null,
    decided: state.decision !== null,
    deciding: state.deciding,
    ended: state.result !== null,
  }
}

function accept(state: SetupState, override: SetupOverride): void {
  state.decision = override
  state.say(`override of ${override.step}: ${override.action}, by ${override.by}`)
  if (override.action === 'abort') {
    // A try that hangs is not waited for.
    state.cutOff?.()
  }
}

async function hold(state: SetupState, intervention: SetupIntervention): Promise<void> {
  if (state.result !== null || state.heldBy !== null) {
    state.say(`pause refused: it ${state.result === null ? 'is held back already' : 'has ended'}`)
    return
  }
  state.heldBy = { ...intervention, at: new Date().toISOString() }
  state.say(`held back by ${intervention.by}`)
  await keepIntervention(state.connectionId, 'pause', intervention)
}

async function release(state: SetupState, intervention: SetupIntervention): Promise<void> {
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
