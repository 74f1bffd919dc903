import { ApplicationFailure } from '@temporalio/common'
import { interventionMessage, overrideMessage } from '../../contracts/inputs.js'
import { judged } from '../../contracts/judge.js'
import { ProblemsError } from '../../contracts/problems.js'
import type { Schema } from '../../contracts/schema.js'
import type { SetupIntervention, SetupOverride } from '../../contracts/setup.js'
import { actionsOf } from './before.js'
import { nextStep, stepOf, type Board } from './board.js'

/** Why a message is refused: a code of the catalogue, and a text for its sender. */
export interface Refusal {
  readonly code: 'override_invalid' | 'override_refused'
  readonly text: string
}

/** A message that is valid now, or the reason why it is not. */
export type Judged<T> = { readonly accepted: T } | { readonly refused: Refusal }

/** The state against which a message is judged. */
export interface Situation {
  readonly board: Board
  /** Support holds set-up. */
  readonly held: boolean
  /** A decision is accepted and not carried out yet. */
  readonly decided: boolean
  /** A decision is being carried out. */
  readonly deciding: boolean
  readonly ended: boolean
}

/**
 * Judges an `override` from any client (E3): first its shape, then whether it is possible now. Pure. A refused one
 * changes nothing.
 */
export function judgeOverride(
  given: readonly unknown[],
  situation: Situation,
): Judged<SetupOverride> {
  const waiting = situation.board.find(({ status }) => status.state === 'paused')
  const shape = judgeShape(overrideMessage(actionsOf(waiting?.status.pause ?? null)), given)
  if ('refused' in shape) {
    return shape
  }
  const override = shape.accepted
  const { step: id, action } = override
  const step = stepOf(situation.board, id)
  if (situation.ended) {
    return refused('Set-up has ended; apply the connection again to run it again.')
  }
  if (situation.board.length === 0) {
    return refused('Set-up has not begun yet; look at its status first.')
  }
  if (step === null) {
    const known = situation.board.map(({ status }) => status.id).join(', ')
    return invalid(`There is no step "${id}". Steps: ${known}.`)
  }
  const abortable = action === 'abort' && nextStep(situation.board)?.id === id
  if (situation.decided || (situation.deciding && !(abortable && situation.held))) {
    return refused(`A decision about step ${id} is being carried out; look at the status again.`)
  }
  if (abortable && situation.held) {
    return { accepted: override }
  }
  if (step.state !== 'paused' || step.pause === null) {
    const hint = abortable ? ' Hold set-up back first (pause), then it can be aborted.' : ''
    return refused(`Step ${id} is ${step.state}, not paused: there is nothing to override.${hint}`)
  }
  if (!step.pause.choices.includes(action)) {
    return refused(
      `Step ${id} waits because of ${step.pause.code}; "${action}" does not help. ` +
        `Choices: ${step.pause.choices.join(', ')}.`,
    )
  }
  return { accepted: override }
}

/** Judges a `pause` or a `resume`, which contain only their evidence. */
export function judgeIntervention(given: readonly unknown[]): Judged<SetupIntervention> {
  return judgeShape(interventionMessage, given)
}

/** @returns the message with its texts trimmed. */
function judgeShape<T extends object>(schema: Schema<T>, given: readonly unknown[]): Judged<T> {
  try {
    const texts: [string, unknown][] = Object.entries(judged(schema, given))
    const trimmed = texts.map(([key, text]) => [key, String(text).trim()])
    return { accepted: Object.fromEntries(trimmed) as T }
  } catch (error) {
    if (error instanceof ProblemsError) {
      return invalid(error.message)
    }
    throw error
  }
}

function invalid(text: string): { readonly refused: Refusal } {
  return { refused: { code: 'override_invalid', text } }
}

function refused(text: string): { readonly refused: Refusal } {
  return { refused: { code: 'override_refused', text } }
}

/** @throws ApplicationFailure with the reason; not retryable. */
export function orThrow<T>(judgement: Judged<T>): T {
  if ('refused' in judgement) {
    throw ApplicationFailure.nonRetryable(judgement.refused.text, judgement.refused.code)
  }
  return judgement.accepted
}
