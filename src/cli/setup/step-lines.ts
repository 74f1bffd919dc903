import type { StepState, StepStatus } from '../../contracts/setup.js'
import type { Paint, Style } from './paint.js'
import { safeText } from '../terminal-text.js'

const MARKS: Readonly<Record<StepState, { readonly mark: string; readonly style: Style }>> = {
  pending: { mark: '·', style: 'dim' },
  running: { mark: '▶', style: 'cyan' },
  paused: { mark: '⏸', style: 'yellow' },
  done: { mark: '✔', style: 'green' },
  skipped: { mark: '⤼', style: 'dim' },
  failed: { mark: '✖', style: 'red' },
}

/** A step, as one line: mark, title, id, how long it took, and what is worth knowing. */
export function stepLine(step: StepStatus, paint: Paint): string {
  const { mark, style } = MARKS[step.state]
  const facts = [timeText(step), triesText(step), step.note === null ? '' : safeText(step.note)]
  const told = facts.filter((fact) => fact !== '').join('; ')
  return (
    ` ${paint(style, mark)} ${safeText(step.title)} ${paint('dim', `[${step.id}]`)}` +
    (told === '' ? '' : ` ${paint('dim', told)}`)
  )
}

/** All steps; `brief` only those that are neither pending nor well ended, and how many the others are. */
export function stepLines(
  steps: readonly StepStatus[],
  paint: Paint,
  { brief }: { readonly brief: boolean },
): readonly string[] {
  if (!brief) {
    return steps.map((step) => stepLine(step, paint))
  }
  const count = (state: StepState) => steps.filter((step) => step.state === state).length
  const told = (['done', 'skipped', 'pending'] as const)
    .map((state) => ({ state, number: count(state) }))
    .filter(({ number }) => number > 0)
    .map(({ state, number }) => `${number} ${state}`)
  const now = steps.filter(({ state }) => !['done', 'skipped', 'pending'].includes(state))
  return [` ${paint('dim', told.join(', '))}`, ...now.map((step) => stepLine(step, paint))]
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

/** `12:04 UTC`, or with its date where it is not today's. @param at ISO UTC */
export function clockText(at: string, now = new Date()): string {
  const time = `${at.slice(11, 16)} UTC`
  return at.slice(0, 10) === now.toISOString().slice(0, 10) ? time : `${at.slice(0, 10)} ${time}`
}

/** Seconds, rounded as a person would. */
export function durationText(seconds: number): string {
  if (seconds < 90) {
    return `${Math.round(seconds)} s`
  }
  const minutes = Math.round(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 6) / 10} h`
}
