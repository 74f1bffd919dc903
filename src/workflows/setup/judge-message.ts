import {
  SETUP_ACTIONS,
  type SetupAction,
  type SetupIntervention,
  type SetupOverride,
} from '../../contracts/setup.js'
import { nextStep, stepOf, type Board } from './step-board.js'

/** Why a message is not followed: a code of the catalogue, and the words for whoever sent it. */
export interface Refusal {
  readonly code: 'override_invalid' | 'override_refused'
  readonly text: string
}

/** A message that makes sense here, or why it does not. */
export type Judged<T> = { readonly accepted: T } | { readonly refused: Refusal }

/** What a message is judged by. */
export interface Situation {
  readonly board: Board
  /** Support holds set-up back. */
  readonly held: boolean
  /** Somebody has decided already, and that is to be done. */
  readonly decided: boolean
  /** It is being done. */
  readonly deciding: boolean
  readonly ended: boolean
}

const MAX_TEXT = 500

/** Fields beside the evidence that an action needs. */
const NEEDS: Readonly<Partial<Record<SetupAction, 'formId' | 'tab' | 'viewId'>>> = {
  useForm: 'formId',
  useTab: 'tab',
  useView: 'viewId',
}

/**
 * Judges an `override` as it came, from whatever client (E3): its shape first, then whether it makes sense now. Pure.
 * Nothing is changed by a refused one.
 */
export function judgeOverride(message: unknown, situation: Situation): Judged<SetupOverride> {
  const shape = overrideShape(message)
  if ('refused' in shape) {
    return shape
  }
  const override = shape.accepted
  const { step: id, action } = override
  const step = stepOf(situation.board, id)
  if (situation.ended) {
    return refused('Set-up has ended; apply the connection again to run it anew.')
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

/** Judges the shape of `pause` and `resume`. */
export function judgeIntervention(message: unknown): Judged<SetupIntervention> {
  if (!isObject(message)) {
    return invalid('Give an object with "reason" and "by".')
  }
  const lacking = (['reason', 'by'] as const).find((key) => !isText(message[key]))
  return lacking === undefined
    ? { accepted: { reason: textOf(message['reason']), by: textOf(message['by']) } }
    : invalid(`"${lacking}" is missing, empty, longer than ${MAX_TEXT} characters, or no text.`)
}

function overrideShape(message: unknown): Judged<SetupOverride> {
  const evidence = judgeIntervention(message)
  if ('refused' in evidence || !isObject(message)) {
    return evidence as Judged<SetupOverride>
  }
  const { step, action } = message
  if (!isText(step)) {
    return invalid('"step" is missing.')
  }
  if (!isAction(action)) {
    return invalid(`"action" must be one of ${SETUP_ACTIONS.join(', ')}.`)
  }
  const need = NEEDS[action]
  if (need !== undefined && !isText(message[need])) {
    return invalid(`"${action}" needs "${need}".`)
  }
  const extras = Object.fromEntries(
    (['formId', 'tab', 'viewId'] as const).flatMap((key) =>
      isText(message[key]) ? [[key, textOf(message[key])]] : [],
    ),
  )
  return { accepted: { step, action, ...extras, ...evidence.accepted } }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && isTelling(value)
}

/**
 * Whether a text can be kept as evidence: not empty, not too long, and nothing in it that a database does not store
 * (a zero character, half a surrogate pair), which would be tried again for ever.
 */
export function isTelling(text: string): boolean {
  return text.trim() !== '' && text.length <= MAX_TEXT && !/[\0\p{Surrogate}]/u.test(text)
}

function textOf(value: unknown): string {
  return String(value).trim()
}

function isAction(value: unknown): value is SetupAction {
  return SETUP_ACTIONS.some((action) => action === value)
}

function invalid(text: string): { readonly refused: Refusal } {
  return { refused: { code: 'override_invalid', text } }
}

function refused(text: string): { readonly refused: Refusal } {
  return { refused: { code: 'override_refused', text } }
}
