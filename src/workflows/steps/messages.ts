import { defineSignal, defineUpdate } from '@temporalio/workflow'
import type { OverrideAnswer, SetupOverride } from '../../contracts/setup.js'
import { refuseOtherSignals, takeSignal, takeUpdate, type MessageSchema } from '../receive.js'
import { judgeOverride, orThrow } from './judge-message.js'
import type { StepsState } from './state.js'

/** Decides a paused step. The result is in the status. */
const overrideSignal = defineSignal<[SetupOverride]>('override')
/** The same decision, with an answer. */
const overrideUpdate = defineUpdate<OverrideAnswer, [SetupOverride]>('override')

const DESCRIPTION =
  'Decides the step that waits. Takes {"step", "action", "reason", "by"}, and the field that the action needs; ' +
  'both stand in the pause. What came of the signal is under messages of the status; the update answers.'

/**
 * Accepts Support's decisions. Call it last, because it refuses every other signal. A signal has no answer, so its
 * result is in the status; the update returns it. An invalid message changes nothing.
 */
export function takeOverrides(state: StepsState): void {
  const refuse = (text: string) => state.say(text)
  const override: MessageSchema<SetupOverride> = {
    description: DESCRIPTION,
    judge: (given) => orThrow(judgeOverride(given, state.situation)),
  }
  takeSignal(overrideSignal, override, (message) => state.accept(message), refuse)
  takeUpdate(overrideUpdate, override, (message) => {
    state.accept(message)
    return { accepted: true, step: message.step, action: message.action }
  })
  refuseOtherSignals(refuse)
}
