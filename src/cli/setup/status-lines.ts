import type { SetupStatus, StepState, StepStatus } from '../../contracts/setup.js'
import { type Paint, type Style, safeText, shellQuoted } from '../terminal-text.js'
import { choiceLines, pauseLines, type WaitingStep } from './pause-lines.js'
import { type SetupLook, WORK_WORDS, type Work } from '../../app/setup/look-at-setup.js'

const BAR_WIDTH = 30
const MESSAGES_SHOWN = 3

/** The style of a status. `brief`: pending and finished steps are only counted. */
export interface StatusStyle {
  readonly paint: Paint
  readonly brief?: boolean
}

/** Set-up as lines: progress, each step, what it waits for, and what can be done about it. */
export function statusLines(
  { status, ended, work = 'setup' }: SetupLook,
  { paint, brief = false }: StatusStyle,
): readonly string[] {
  const { connectionId, steps, messages } = status
  const shown = messages.slice(-MESSAGES_SHOWN)
  const waiting = steps.find(({ state, pause }) => state === 'paused' && pause !== null)
  return [
    paint(
      'bold',
      `${WORK_WORDS[work].title} ${safeText(connectionId)}: ${stateText(status, ended)}`,
    ),
    `[${barOf(status.percent)}] ${progressText(status, ended, work)}`,
    '',
    ...stepLines(steps, paint, { brief }),
    ...(ended === null && status.heldBy !== null ? ['', ...heldLines(status)] : []),
    ...(ended === null && waiting?.pause
      ? waitingLines({ connectionId, stepId: waiting.id, pause: waiting.pause, work }, paint)
      : failedLines(status, paint)),
    ...(shown.length === 0 ? [] : ['', 'Messages:']),
    ...shown.map(({ at, text }) => `  ${clockText(at)}  ${safeText(text)}`),
  ]
}

function stateText({ result, phase, heldBy }: SetupStatus, ended: SetupLook['ended']): string {
  if (result !== null) {
    return result === 'done' ? 'done' : 'aborted'
  }
  if (ended !== null) {
    return `${ended} before it was done`
  }
  if (heldBy !== null) {
    return phase === 'paused' ? 'held back' : 'running, held back before its next step'
  }
  return phase === 'paused' ? 'waits for a person' : 'running'
}

function progressText(status: SetupStatus, ended: SetupLook['ended'], work: Work): string {
  const { percent, remainingSeconds, result, phase } = status
  if (result === 'done') {
    return `${percent} %, ${WORK_WORDS[work].done}`
  }
  if (result === 'aborted' || ended !== null) {
    return `${percent} %; ${WORK_WORDS[work].undone}`
  }
  if (work !== 'setup') {
    return `${percent} %`
  }
  const left = `about ${durationText(remainingSeconds)} left`
  return phase === 'paused' ? `${percent} %, then ${left}` : `${percent} %, ${left}`
}

function heldLines({ heldBy, connectionId }: SetupStatus): readonly string[] {
  if (heldBy === null) {
    return []
  }
  const { by, at, reason } = heldBy
  return [
    `Held back by ${safeText(by)} since ${clockText(at)}: ${safeText(reason)}`,
    `  lbsync setup resume ${shellQuoted(connectionId)} --by '…' --reason '…'`,
  ]
}

function waitingLines(waiting: WaitingStep, paint: Paint): readonly string[] {
  return ['', ...pauseLines(waiting, paint), '', ...choiceLines(waiting, paint)]
}

/** Shows what an aborted step waited for. */
function failedLines({ steps }: SetupStatus, paint: Paint): readonly string[] {
  const pause = steps.find(({ state }) => state === 'failed')?.pause ?? null
  return pause === null ? [] : ['', ...pauseLines({ pause }, paint)]
}

function barOf(percent: number): string {
  const full = Math.round((Math.min(100, Math.max(0, percent)) / 100) * BAR_WIDTH)
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}`
}

const MARKS: Readonly<Record<StepState, { readonly mark: string; readonly style: Style }>> = {
  pending: { mark: '·', style: 'dim' },
  running: { mark: '▶', style: 'cyan' },
  paused: { mark: '⏸', style: 'yellow' },
  done: { mark: '✔', style: 'green' },
  skipped: { mark: '⤼', style: 'dim' },
  failed: { mark: '✖', style: 'red' },
}

/** A step as one line: mark, title, id, duration and other facts. */
function stepLine(step: StepStatus, paint: Paint): string {
  const { mark, style } = MARKS[step.state]
  const facts = [timeText(step), triesText(step), step.note === null ? '' : safeText(step.note)]
  const details = facts.filter((fact) => fact !== '').join('; ')
  return (
    ` ${paint(style, mark)} ${safeText(step.title)} ${paint('dim', `[${step.id}]`)}` +
    (details === '' ? '' : ` ${paint('dim', details)}`)
  )
}

/** All steps. `brief`: only those that are neither pending nor finished well, and the number of the others. */
function stepLines(
  steps: readonly StepStatus[],
  paint: Paint,
  { brief }: { readonly brief: boolean },
): readonly string[] {
  if (!brief) {
    return steps.map((step) => stepLine(step, paint))
  }
  const count = (state: StepState) => steps.filter((step) => step.state === state).length
  const counts = (['done', 'skipped', 'pending'] as const)
    .map((state) => ({ state, number: count(state) }))
    .filter(({ number }) => number > 0)
    .map(({ state, number }) => `${number} ${state}`)
  const now = steps.filter(({ state }) => !['done', 'skipped', 'pending'].includes(state))
  return [` ${paint('dim', counts.join(', '))}`, ...now.map((step) => stepLine(step, paint))]
}

function timeText({ state, startedAt, endedAt }: StepStatus): string {
  if (startedAt === null) {
    return ''
  }
  return endedAt === null
    ? `${state === 'paused' ? 'waits, begun' : 'begun'} ${clockText(startedAt)}`
    : durationText((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000)
}

function triesText({ attempts }: StepStatus): string {
  return attempts > 1 ? `tried ${attempts} times` : ''
}

/** `12:04 UTC`, with the date unless it is today. @param at ISO UTC */
function clockText(at: string, now = new Date()): string {
  const time = `${at.slice(11, 16)} UTC`
  return at.slice(0, 10) === now.toISOString().slice(0, 10) ? time : `${at.slice(0, 10)} ${time}`
}

/** A duration, rounded for a person. */
function durationText(seconds: number): string {
  if (seconds < 90) {
    return `${Math.round(seconds)} s`
  }
  const minutes = Math.round(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 6) / 10} h`
}
